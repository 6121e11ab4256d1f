package graphclient

import (
	"cmp"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"html"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
)

const (
	// remembered is how many words a redactor knows besides those in use, the last ones first.
	remembered = 16
	// shortest is the length of the shortest word that is looked for. No real secret
	// is shorter, and one such as "s" would make texts unreadable.
	shortest = 4
)

// A role is what a word in use is used for.
type role string

// The roles.
const (
	roleToken      role = "token"
	roleCredential role = "credential" // a secret or an assertion that was accepted
	rolePassword   role = "password"   // of a certificate's file
	roleHeader     role = "header"     // of a platform's identity service
	roleOther      role = "other"      // what the caller wants hidden, such as a proxy's password
)

// A redactor takes secrets and tokens out of text that comes from elsewhere: a server may
// echo what it was sent. It knows the words in use for as long as they are, however many others
// come and go, and the last few of the others. Its methods may be called at once.
type redactor struct {
	mu     sync.Mutex
	inUse  map[role][]string
	recent []string // newest first
	forms  []string // of all these words, as a text may show them
	echoes []string // of the token and the credential in use
}

// pin makes words ones that texts are cleaned of until others are pinned in the same role, and for
// some time after.
func (r *redactor) pin(in role, words ...string) {
	words = slices.DeleteFunc(slices.Clone(words), func(w string) bool { return len(w) < shortest })
	r.mu.Lock()
	defer r.mu.Unlock()
	if slices.Equal(words, r.inUse[in]) || len(words) == 0 {
		return
	}
	if r.inUse == nil {
		r.inUse = map[role][]string{}
	}
	r.remember(r.inUse[in]...)
	r.inUse[in] = words
	r.compile()
}

// hide makes a word one that texts are cleaned of for some time.
func (r *redactor) hide(word string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(word) >= shortest && !slices.Contains(r.recent, word) {
		r.remember(word)
		r.compile()
	}
}

// remember adds to the last words that are no longer, or not yet, in use. The lock is held.
func (r *redactor) remember(words ...string) {
	r.recent = slices.Concat(words, r.recent)
	r.recent = slices.Clone(r.recent[:min(len(r.recent), remembered)])
}

// minEcho is the length from which on a word is in a text for no other reason than that it was
// copied there.
const minEcho = 16

// compile computes the forms of all words. The lock is held.
func (r *redactor) compile() {
	var forms []string
	r.echoes = nil
	for _, w := range slices.Concat(r.inUse[roleToken], r.inUse[roleCredential]) {
		if len(w) >= minEcho {
			r.echoes = append(r.echoes, formsOf(w)...)
		}
	}
	for _, words := range r.inUse {
		for _, w := range words {
			forms = append(forms, formsOf(w)...)
		}
	}
	for _, w := range r.recent {
		forms = append(forms, formsOf(w)...)
	}
	slices.Sort(forms)
	r.forms = slices.Compact(forms)
}

// formsOf returns how a word may look in a text that quotes it.
func formsOf(word string) []string {
	asJSON, _ := json.Marshal(word) // a string always has a form
	forms := []string{
		word, printable(word), strings.ToValidUTF8(word, "?"), url.PathEscape(word), url.QueryEscape(word),
		lowerHex(url.PathEscape(word)), lowerHex(url.QueryEscape(word)),
		string(asJSON[1 : len(asJSON)-1]), unquoted(strconv.Quote(word)), unquoted(strconv.QuoteToASCII(word)), html.EscapeString(word),
		hex.EncodeToString([]byte(word)), base64.RawStdEncoding.EncodeToString([]byte(word)), base64.RawURLEncoding.EncodeToString([]byte(word)),
	}
	return slices.DeleteFunc(forms, func(f string) bool { return len(f) < shortest })
}

func unquoted(s string) string { return s[1 : len(s)-1] }

// lowerHex returns a percent-encoded text with its hexadecimal digits in lower case.
func lowerHex(s string) string {
	b := []byte(s)
	for i := 0; i+2 < len(b); i++ {
		if b[i] == '%' {
			copy(b[i+1:i+3], strings.ToLower(s[i+1:i+3]))
		}
	}
	return string(b)
}

// repeated reports whether one of some texts holds the token or the credential in use. It costs next
// to nothing for short ones.
func (r *redactor) repeated(texts ...string) bool {
	r.mu.Lock()
	echoes := r.echoes
	r.mu.Unlock()
	for _, s := range texts {
		if len(s) >= minEcho && slices.ContainsFunc(echoes, func(e string) bool { return strings.Contains(s, e) }) {
			return true
		}
	}
	return false
}

// A span is a part of a text.
type span struct{ from, to int }

// replace returns the text with a placeholder for every word in every form. Where occurrences
// overlap, they have one placeholder together.
func (r *redactor) replace(s string) string {
	r.mu.Lock()
	forms := r.forms
	r.mu.Unlock()
	var found []span
	for _, f := range forms {
		for at := 0; ; at++ {
			i := strings.Index(s[at:], f)
			if i < 0 {
				break
			}
			at += i
			found = append(found, span{at, at + len(f)})
		}
	}
	if found == nil {
		return s
	}
	return maskSpans(s, found)
}

// maskSpans returns the text with a placeholder for each of its parts that are covered by spans.
func maskSpans(s string, spans []span) string {
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	var b strings.Builder
	end := 0
	for i := 0; i < len(spans); {
		whole := spans[i]
		for i++; i < len(spans) && spans[i].from < whole.to; i++ {
			whole.to = max(whole.to, spans[i].to)
		}
		b.WriteString(s[end:whole.from] + placeholder)
		end = whole.to
	}
	return b.String() + s[end:]
}

// clean makes foreign text safe to show: without secrets, and on one short line. In this order,
// or the part of a secret before a cut would stay.
func (r *redactor) clean(s string) string { return shorten(r.whole(s), maxMessage) }

// whole is clean without the cut.
func (r *redactor) whole(s string) string { return r.replace(printable(r.replace(s))) }

// scrub makes an error fit to leave the package: everything that does goes through here.
func (r *redactor) scrub(e *Error) *Error {
	if e != nil {
		e.Code = shorten(r.whole(e.Code), maxCode)
		e.Message, e.RequestID = r.clean(e.Message), r.clean(e.RequestID)
	}
	return e
}
