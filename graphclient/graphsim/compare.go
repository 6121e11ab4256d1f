package graphsim

import (
	"regexp"
	"strings"
	"time"
)

// compile turns one comparison into a filter. Dates compare by order only, all else by
// equality only.
func (p *parser) compile(property, operator string, value lexeme) (filter, error) {
	switch property {
	case "createdDateTime", "lastUpdateDateTime":
		return p.compileDate(property, operator, value)
	}
	if operator == "ne" && p.cfg.RefuseNe {
		return filter{}, queryErrorf("The 'ne' operator is not supported.")
	}
	if operator != "eq" && operator != "ne" {
		return filter{}, p.badOperator(operator, property)
	}
	want, err := p.literal(property, value)
	if err != nil {
		return filter{}, err
	}
	read := reader(property)
	f := filter{match: func(in *Incident) bool { return read(in) == want }, created: always, updated: always}
	if operator == "ne" {
		f = f.not()
	}
	return f, nil
}

func (p *parser) badOperator(operator, property string) error {
	return queryErrorf("The operator '%s' is not supported for property '%s' in '%s'.", operator, property, p.text)
}

// literal is what a property of text or enumeration type is compared with; null is "".
func (p *parser) literal(property string, value lexeme) (string, error) {
	if value.kind == 'w' && value.text == "null" {
		return "", nil
	}
	if value.kind != 's' {
		return "", queryErrorf("A string was expected for '%s' at position %d in '%s'.", property, value.at, p.text)
	}
	if property == "assignedTo" {
		return value.text, nil
	}
	for _, member := range enumerations[property] {
		if strings.EqualFold(member, value.text) {
			return member, nil
		}
	}
	return "", queryErrorf("The string '%s' is not a valid enumeration type constant.", value.text)
}

// reader returns how to read a property of text or enumeration type.
func reader(property string) func(*Incident) string {
	switch property {
	case "assignedTo":
		return func(in *Incident) string { return in.AssignedTo }
	case "classification":
		return func(in *Incident) string { return in.Classification }
	case "determination":
		return func(in *Incident) string { return in.Determination }
	case "severity":
		return func(in *Incident) string { return in.Severity }
	}
	return func(in *Incident) string { return in.Status }
}

func (p *parser) compileDate(property, operator string, value lexeme) (filter, error) {
	t, err := p.date(value)
	if err != nil {
		return filter{}, err
	}
	read := func(in *Incident) time.Time { return in.Updated }
	if property == "createdDateTime" {
		read = func(in *Incident) time.Time { return in.Created }
	}
	f, within, ok := compareDates(operator, read, t)
	if !ok {
		return filter{}, p.badOperator(operator, property)
	}
	switch {
	case p.cfg.IgnoreDateFilter:
		f = matchAll
	case property == "createdDateTime":
		f.created = within
	default:
		f.updated = within
	}
	return f, nil
}

// date reads a date, and does with its fraction of a second what this Graph does.
func (p *parser) date(value lexeme) (time.Time, error) {
	t, err := parseDate(value)
	if p.cfg.RefuseFractions && strings.Contains(value.text, ".") {
		return t, queryErrorf("The literal '%s' is not a valid date and time.", value.text)
	}
	if p.cfg.IgnoreFractions {
		t = t.Truncate(time.Second)
	}
	return t, err
}

func compareDates(operator string, read func(*Incident) time.Time, t time.Time) (f filter, within span, ok bool) {
	f, within = matchAll, always
	switch operator {
	case "ge":
		f.match, within.from = func(in *Incident) bool { return !read(in).Before(t) }, nanos(t)
	case "gt":
		f.match, within.from = func(in *Incident) bool { return read(in).After(t) }, nanos(t)
	case "le":
		f.match, within.to = func(in *Incident) bool { return !read(in).After(t) }, nanos(t)
	case "lt":
		f.match, within.to = func(in *Incident) bool { return read(in).Before(t) }, nanos(t)
	default:
		return f, within, false
	}
	return f, within, true
}

var dateForm = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,7})?)?(Z|[+-]\d\d:\d\d)$`)

// parseDate reads an unquoted ISO 8601 date and time with a zone and up to seven fraction digits.
func parseDate(value lexeme) (time.Time, error) {
	if value.kind == 'w' && dateForm.MatchString(value.text) {
		for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z07:00"} {
			if t, err := time.Parse(layout, value.text); err == nil {
				return t, nil
			}
		}
	}
	return time.Time{}, queryErrorf("The literal '%s' is not a valid date and time.", value.text)
}
