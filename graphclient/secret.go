package graphclient

import (
	"fmt"
	"log/slog"
)

// A Secret is text that no output shows, with two exceptions out of reach of its methods: an
// unexported field of a struct that fmt prints, and a key of a map that encoding/json does.
type Secret string

const placeholder = "<secret>"

// String returns a placeholder.
func (Secret) String() string { return placeholder }

// GoString returns a placeholder.
func (Secret) GoString() string { return placeholder }

// Format writes a placeholder, whatever the verb.
func (Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(placeholder)) }

// LogValue returns a placeholder.
func (Secret) LogValue() slog.Value { return slog.StringValue(placeholder) }

// MarshalText returns a placeholder.
func (Secret) MarshalText() ([]byte, error) { return []byte(placeholder), nil }

// plainTexts returns secrets as the texts that they are.
func plainTexts(secrets []Secret) []string {
	out := make([]string, len(secrets))
	for i, s := range secrets {
		out[i] = string(s)
	}
	return out
}
