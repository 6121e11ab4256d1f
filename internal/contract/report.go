package contract

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// A Report is what has been found out. It holds nothing that Graph has sent.
type Report struct {
	Cloud, Version string
	On             time.Time // when it was asked
	Requests       int       // to Graph
	entries        []entry
	cut            string // why it is not complete; empty: it is
}

// An entry is a question with its answer.
type entry struct {
	question
	answer
}

// A section is the answers of one verdict.
type section struct {
	verdict verdict
	title   string
	long    bool // with what was assumed and asked
}

// sections are in the order in which a reader wants them.
var sections = []section{
	{differs, "Otherwise than assumed", true},
	{told, "Answered, where either way is possible", true},
	{agrees, "As assumed", false},
	{unseen, "Not seen: nothing was there to tell it by", false},
	{unasked, "Not asked", false},
}

// String returns the report for people:
//
//	Otherwise than assumed (1)
//
//	  order of the list
//	    assumed: most recent first; by which date is not said (L)
//	    asked:   the plain first page
//	    answer:  by createdDateTime, oldest first
func (r *Report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Contract report of msgraph_security_exporter %s, %s\n", r.Version, r.On.Format(time.DateOnly))
	fmt.Fprintf(&b, "Asked: %s, v1.0, in %d requests, each a GET of at most 51 incidents.\n", cmp.Or(r.Cloud, "a Graph of no known cloud"), r.Requests)
	b.WriteString("It holds no id, title, name, address or tenant: only shapes, in the exporter's own words.\n")
	b.WriteString("In brackets, how sure the assumption was: H schema or seen live, M one good source, L inference, ? unknown.\n")
	if r.cut != "" {
		fmt.Fprintf(&b, "Not complete: it ended after %d of %d questions: %s.\n", len(r.entries), len(questions()), r.cut)
	}
	for _, s := range sections {
		s.write(&b, r.entries)
	}
	return b.String()
}

// write writes the entries of a section, if it has any.
func (s *section) write(b *strings.Builder, entries []entry) {
	own := slices.DeleteFunc(slices.Clone(entries), func(e entry) bool { return e.verdict != s.verdict })
	if len(own) == 0 {
		return
	}
	fmt.Fprintf(b, "\n%s (%d)\n", s.title, len(own))
	if !s.long {
		b.WriteString("\n")
	}
	for _, e := range own {
		if s.long {
			fmt.Fprintf(b, "\n  %s\n    assumed: %s (%s)\n    asked:   %s\n    answer:  %s\n", e.name, e.assumed, e.sure, e.asked, e.text)
		} else {
			fmt.Fprintf(b, "  %s (%s): %s\n", e.name, e.sure, e.text)
		}
	}
}
