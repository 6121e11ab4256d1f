package mirror

import (
	"testing"
	"time"
)

// TestSpanFilter shows that a cell is asked for in whole seconds: cells that meet on one
// leave no gap and do not overlap.
func TestSpanFilter(t *testing.T) {
	at := func(s string) Ticks {
		t.Helper()
		v, err := time.Parse(time.RFC3339Nano, s)
		if err != nil {
			t.Fatal(err)
		}
		return TicksOf(v)
	}
	cases := []struct {
		span span
		want string
	}{
		{allTime, ""},
		{span{at("2026-11-23T10:00:00Z"), maxTicks}, "createdDateTime ge 2026-11-23T10:00:00Z"},
		{span{minTicks, at("2026-11-23T10:00:00Z")}, "createdDateTime lt 2026-11-23T10:00:00Z"},
		{
			span{at("2026-11-23T10:00:00.5Z"), at("2026-11-23T10:00:01.0000001Z")},
			"createdDateTime ge 2026-11-23T10:00:00Z and createdDateTime lt 2026-11-23T10:00:02Z",
		},
	}
	for _, c := range cases {
		if got := and(c.span.filter()...); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

// TestUpdatedSince asks for the second itself, too: stamps tie.
func TestUpdatedSince(t *testing.T) {
	got := updatedSince(time.Date(2026, 11, 23, 10, 0, 0, 999, time.UTC))
	if want := "lastUpdateDateTime ge 2026-11-23T10:00:00Z"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
