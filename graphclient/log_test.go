package graphclient

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"slices"
	"strings"
	"sync"
)

// A logBook keeps all that is logged, at every level, as JSON. The zero value is empty.
type logBook struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logBook) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *logBook) logger() *slog.Logger {
	return slog.New(slog.NewJSONHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

func (l *logBook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// messages returns the messages of these levels, each after its level.
func (l *logBook) messages(levels ...string) []string {
	var out []string
	for line := range strings.Lines(l.String()) {
		var entry struct{ Level, Msg string }
		if json.Unmarshal([]byte(line), &entry) == nil && slices.Contains(levels, entry.Level) {
			out = append(out, entry.Level+" "+entry.Msg)
		}
	}
	return out
}
