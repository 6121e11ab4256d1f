package reading

import (
	"testing"
	"time"

	"msgraph_security_exporter/internal/defender"
)

func at(t *testing.T, s string) defender.Ticks {
	t.Helper()
	v, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		t.Fatal(err)
	}
	return defender.TicksOf(v)
}

// TestRegionFilter shows that spans that meet leave no gap and do not overlap, and that the
// second itself is asked for: stamps tie.
func TestRegionFilter(t *testing.T) {
	noon := at(t, "2026-11-23T12:00:00Z")
	cases := []struct {
		Region Region
		open   bool
		want   string
	}{
		{Everything, false, ""},
		{Everything, true, "status ne 'resolved' and status ne 'redirected'"},
		{Region{Created: Span{noon, MaxTicks}, Updated: AllTime}, false, "createdDateTime ge 2026-11-23T12:00:00Z"},
		{Region{Created: Span{MinTicks, noon}, Updated: AllTime}, false, "createdDateTime lt 2026-11-23T12:00:00Z"},
		{
			Region{Created: Span{noon, noon + defender.Second}, Updated: Span{noon, MaxTicks}, Attribute: "severity eq 'high'"}, false,
			"lastUpdateDateTime ge 2026-11-23T12:00:00Z and createdDateTime ge 2026-11-23T12:00:00Z and createdDateTime lt 2026-11-23T12:00:01Z and severity eq 'high'",
		},
	}
	for _, c := range cases {
		if got := c.Region.Filter(c.open); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

// TestCutAll shows that cuts fall on whole seconds between rows, tile the span, and part no
// second.
func TestCutAll(t *testing.T) {
	noon := at(t, "2026-11-23T12:00:00Z")
	var times []defender.Ticks
	for i := range 200 {
		times = append(times, noon+defender.Ticks(i)*defender.Second/4) // four a second
	}
	spans := CutAll(AllTime, times, 46)
	from := MinTicks
	for i, s := range spans {
		if s.From != from || i == len(spans)-1 && s.To != MaxTicks {
			t.Fatalf("part %d is %v, the one before ended at %d", i, s, from)
		}
		if from = s.To; s.To != MaxTicks && s.To%defender.Second != 0 {
			t.Errorf("part %d ends within a second", i)
		}
		n := 0
		for _, at := range times {
			if s.Holds(at) {
				n++
			}
		}
		if n < 30 || n > 50 {
			t.Errorf("part %d holds %d rows", i, n)
		}
	}
	if same := CutAll(AllTime, make([]defender.Ticks, 500), 46); len(same) != 1 {
		t.Errorf("one second was cut in %d parts", len(same))
	}
}
