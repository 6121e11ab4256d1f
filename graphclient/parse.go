package graphclient

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
)

// errNoList is the error of an answer that is no page.
var errNoList = errors.New("no list of incidents in it")

// A pageReader reads a page in JSON from its beginning to its end, because most of what an
// exporter does is this:
//
//	{"@odata.context":"…","@odata.nextLink":"https://…?$skip=50","value":[…]}
type pageReader struct {
	json *json.Decoder
	rows []Incident // nil: no list yet
	text int        // bytes of it in the rows
	next text
}

// parsePage returns the incidents of a page and its nextLink, empty if there is none.
func parsePage(body []byte) (*Page, string, error) {
	if err := checkShape(body); err != nil {
		return nil, "", err
	}
	r := pageReader{json: json.NewDecoder(bytes.NewReader(body))}
	switch t, err := r.json.Token(); {
	case err != nil:
		return nil, "", endOfInput(err)
	case t != json.Delim('{'):
		return nil, "", errNoList
	}
	if err := r.object(); err != nil {
		return nil, "", endOfInput(err)
	}
	if r.rows == nil {
		return nil, "", errNoList
	}
	return &Page{Incidents: r.rows}, string(r.next), nil
}

// parseIncident returns the incident that an answer is.
func parseIncident(body []byte) (Incident, error) {
	if err := checkShape(body); err != nil {
		return Incident{}, err
	}
	var wire wireIncident
	if err := json.Unmarshal(body, &wire); err != nil {
		return Incident{}, err
	}
	return wire.incident()
}

// endOfInput puts the end of a text in words.
func endOfInput(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("unexpected end of JSON input")
	}
	return err
}

// object reads the properties of the page, and what is after them, which is nothing.
func (r *pageReader) object() error {
	for r.json.More() {
		name, err := r.json.Token()
		if err != nil {
			return err
		}
		if err := r.property(name.(string)); err != nil {
			return err
		}
	}
	if _, err := r.json.Token(); err != nil {
		return err
	}
	if _, err := r.json.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more than one value")
	}
	return nil
}

func (r *pageReader) property(name string) error {
	switch {
	case strings.EqualFold(name, "value"):
		return r.value()
	case strings.EqualFold(name, "@odata.nextLink"):
		return r.json.Decode(&r.next)
	}
	var skipped json.RawMessage
	return r.json.Decode(&skipped)
}

// value reads the list row by row, to stop in time.
func (r *pageReader) value() error {
	switch t, err := r.json.Token(); {
	case err != nil:
		return err
	case t == nil: // null
		return nil
	case t != json.Delim('['):
		return errors.New("a value that is no array")
	}
	for r.rows = []Incident{}; r.json.More(); {
		if len(r.rows) == maxRows {
			return errTooManyRows
		}
		var wire wireIncident
		if err := r.json.Decode(&wire); err != nil {
			return err
		}
		row, err := wire.incident()
		if err != nil {
			return err
		}
		if r.text += row.size(); r.text > maxText {
			return errTooMuch
		}
		r.rows = append(r.rows, row)
	}
	_, err := r.json.Token()
	return err
}
