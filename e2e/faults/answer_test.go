//go:build linux

package faults

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
)

// conn returns the connection of a request, which the server lets go of.
func conn(w http.ResponseWriter) net.Conn {
	c, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(err)
	}
	return c
}

func resets(_ *front, w http.ResponseWriter, _ *http.Request) { reset(conn(w)) }

// raw sends some bytes, and closes the connection.
func raw(bytes string) func(*front, http.ResponseWriter, *http.Request) {
	return func(_ *front, w http.ResponseWriter, _ *http.Request) {
		c := conn(w)
		_, _ = io.WriteString(c, bytes)
		c.Close()
	}
}

// lasts waits until the fault is over or the exporter leaves.
func (f *front) lasts(r *http.Request) {
	f.mu.Lock()
	over := f.over
	f.mu.Unlock()
	select {
	case <-over:
	case <-r.Context().Done():
	}
}

func hangs(f *front, _ http.ResponseWriter, r *http.Request) {
	f.lasts(r)
	panic(http.ErrAbortHandler)
}

// stops sends half of the true answer.
func stops(f *front, w http.ResponseWriter, r *http.Request) {
	rec := f.answerOf(r)
	body := rec.Body.Bytes()
	maps.Copy(w.Header(), rec.Header())
	w.WriteHeader(rec.Code)
	_, _ = w.Write(body[:len(body)/2])
	_ = http.NewResponseController(w).Flush()
	f.lasts(r)
	panic(http.ErrAbortHandler)
}

// text answers with a text in which %s is what the request holds of secrets.
func text(status int, kind, format string) func(*front, http.ResponseWriter, *http.Request) {
	return func(_ *front, w http.ResponseWriter, r *http.Request) {
		spilt := spill(r)
		if kind == "gzip" {
			w.Header().Set("Content-Encoding", "gzip")
			kind = "application/json"
		}
		w.Header().Set("Content-Type", kind)
		w.Header().Set("Request-Id", spilt)
		w.WriteHeader(status)
		if strings.Contains(format, "%") {
			_, _ = fmt.Fprintf(w, format, spilt)
		}
	}
}

// pour sends a text again and again, until the exporter leaves or 128 MiB are sent.
func pour(w io.Writer, r *http.Request, text string) {
	block := []byte(strings.Repeat(text, 1+(64<<10)/len(text)))
	for sent := 0; sent < 128<<20 && r.Context().Err() == nil; sent += len(block) {
		if _, err := w.Write(block); err != nil {
			return
		}
	}
}

func endless(_ *front, w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, `{"value":[`)
	pour(w, r, `{"id":"1","status":"active","severity":"high"},`)
}

func endlessError(_ *front, w http.ResponseWriter, r *http.Request) {
	w.WriteHeader(http.StatusInternalServerError)
	pour(w, r, spill(r)+" ")
}

func endlessHeaders(_ *front, w http.ResponseWriter, r *http.Request) {
	c := conn(w)
	defer c.Close()
	_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\n")
	pour(c, r, "X-More: and more and more\r\n")
}

func deep(_ *front, w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, `{"value":`+strings.Repeat("[", 1<<16))
}

// bomb sends 64 MiB of blanks in 64 KiB.
func bomb(_ *front, w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Encoding", "gzip")
	_, _ = w.Write(packed())
}

var packed = sync.OnceValue(func() []byte {
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	for range 1 << 10 {
		_, _ = z.Write(bytes.Repeat([]byte(" "), 64<<10))
	}
	_ = z.Close()
	return b.Bytes()
})

func redirects(status int) func(*front, http.ResponseWriter, *http.Request) {
	return func(_ *front, w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", "http://127.77.255.254:9/?"+url.QueryEscape(spill(r))+"&"+strings.ReplaceAll(spill(r), " ", ""))
		w.WriteHeader(status)
	}
}

// altered sends the true answer, changed.
func altered(change func(r *http.Request, page map[string]json.RawMessage)) func(*front, http.ResponseWriter, *http.Request) {
	return func(f *front, w http.ResponseWriter, r *http.Request) {
		rec := f.answerOf(r)
		page := map[string]json.RawMessage{}
		body := rec.Body.Bytes()
		if rec.Code == http.StatusOK && json.Unmarshal(body, &page) == nil {
			change(r, page)
			body, _ = json.Marshal(page)
		}
		maps.Copy(w.Header(), rec.Header())
		w.Header().Set("Content-Length", fmt.Sprint(len(body)))
		w.WriteHeader(rec.Code)
		_, _ = w.Write(body)
	}
}

func setLink(page map[string]json.RawMessage, link string) {
	page["@odata.nextLink"], _ = json.Marshal(link)
}

// linked has another nextLink, in which %s is what the request holds of secrets.
func linked(link string) func(*front, http.ResponseWriter, *http.Request) {
	return altered(func(r *http.Request, page map[string]json.RawMessage) {
		if strings.Contains(link, "%s") {
			setLink(page, fmt.Sprintf(link, url.QueryEscape(spill(r))))
			return
		}
		setLink(page, link)
	})
}

var longLink = altered(func(r *http.Request, page map[string]json.RawMessage) {
	setLink(page, incidentsPath+"?$skip=50&x="+strings.Repeat(url.QueryEscape(spill(r)), 1+100<<10/100))
})

// unlinked leaves out the nextLink, so that a full page looks like the last one.
var unlinked = altered(func(_ *http.Request, page map[string]json.RawMessage) { delete(page, "@odata.nextLink") })

func rowsOf(page map[string]json.RawMessage) (rows []json.RawMessage) {
	_ = json.Unmarshal(page["value"], &rows)
	return rows
}

func setRows(page map[string]json.RawMessage, rows []json.RawMessage) {
	page["value"], _ = json.Marshal(rows)
}

// twice repeats the last row of a page.
var twice = altered(func(_ *http.Request, page map[string]json.RawMessage) {
	if rows := rowsOf(page); len(rows) > 0 {
		setRows(page, append(rows, rows[len(rows)-1]))
	}
})

// emptyFirst answers with a page without rows, and a nextLink to the true one.
func emptyFirst(f *front, w http.ResponseWriter, r *http.Request) {
	if r.URL.Query().Has("$skip") {
		f.pass(w, r)
		return
	}
	altered(func(r *http.Request, page map[string]json.RawMessage) {
		setRows(page, []json.RawMessage{})
		setLink(page, f.url()+r.URL.RequestURI()+"&$skip=0")
	})(f, w, r)
}

// unknownValues adds to each row what Graph may have one day.
var unknownValues = altered(func(_ *http.Request, page map[string]json.RawMessage) {
	more := func(row map[string]json.RawMessage) {
		row["determination"], row["whatever"] = json.RawMessage(`"sabotage"`), json.RawMessage(`{"a":[1,2,{"b":null}]}`)
	}
	if page["value"] == nil {
		more(page)
		return
	}
	rows := rowsOf(page)
	for i, raw := range rows {
		row := map[string]json.RawMessage{}
		if json.Unmarshal(raw, &row) == nil {
			more(row)
			rows[i], _ = json.Marshal(row)
		}
	}
	setRows(page, rows)
})
