package history

import (
	"fmt"
	"testing"
	"time"

	"msgraph_security_exporter/internal/defender"
)

// TestArchive fills an archive beyond what it holds. It never lets an incident be taken for new
// that was reported, and its size is bounded.
func TestArchive(t *testing.T) {
	var a archive
	at := func(i int) time.Time { return time.Unix(int64(1000+i), 0) }
	a.interval(at(0), at(0))
	const n = 5 * archiveSize
	for i := 1; i < n; i++ {
		a.add(fmt.Sprint(i), &transition{
			now: &defender.Incident{Status: defender.StatusResolved}, past: Past{reported: true}, interval: a.interval(at(i-1), at(i)),
		})
	}
	end := a.interval(at(n), at(n))
	for i := 1; i < n; i++ { // created a second before it left
		before, _ := a.find(fmt.Sprint(i), Past{})
		if before == nil && defender.TicksOf(at(i-1)) > end.known {
			t.Fatalf("incident %d is forgotten and would be new", i)
		}
		if i > n-archiveSize && before == nil {
			t.Fatalf("incident %d is forgotten", i)
		}
	}
	if size := len(a.newer) + len(a.older); size > 2*archiveSize {
		t.Errorf("%d incidents are remembered", size)
	}
	if before, _ := a.find("never", Past{}); before != nil {
		t.Error("remembers what never was")
	}
}
