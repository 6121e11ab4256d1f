package graphclient

import (
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"sync"
)

// A Secret is text that no output shows, with two exceptions out of reach of its methods: an
// unexported field of a struct that fmt prints, and a key of a map that encoding/json does.
type Secret string

const hidden = "<secret>"

// String returns a placeholder.
func (Secret) String() string { return hidden }

// GoString returns a placeholder.
func (Secret) GoString() string { return hidden }

// Format writes a placeholder, whatever the verb.
func (Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(hidden)) }

// LogValue returns a placeholder.
func (Secret) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalText returns a placeholder.
func (Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

const (
	// remembered is how many words a redactor knows: the last few secrets and tokens,
	// each in up to three spellings.
	remembered = 18
	// shortest is the length of the shortest word that is looked for. No real secret
	// is shorter, and one such as "s" would make texts unreadable.
	shortest = 4
)

// A redactor takes secrets and tokens out of text that comes from elsewhere: a server may
// echo what it was sent. Its methods may be called at once.
type redactor struct {
	mu    sync.Mutex
	words []string // newest first
}

// hide makes a word one that texts are cleaned of.
func (r *redactor) hide(word string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, w := range []string{url.PathEscape(word), url.QueryEscape(word), word} {
		if len(w) >= shortest && !slices.Contains(r.words, w) {
			r.words = slices.Insert(r.words, 0, w)
		}
	}
	r.words = r.words[:min(len(r.words), remembered)]
}

// clean makes foreign text safe to show: without secrets, and on one line. In this order,
// or the part of a secret before a cut would stay.
func (r *redactor) clean(s string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, w := range r.words {
		s = strings.ReplaceAll(s, w, hidden)
	}
	return oneLine(s)
}
