package statuspage

import (
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"msgraph_security_exporter/collector"
	"msgraph_security_exporter/internal/mirror"
)

// shows returns a function that has time pass, the mirror say something, and a page shown.
func shows(t *testing.T) (after func(d time.Duration, report mirror.Report) string) {
	t.Helper()
	of, history, registry := &source{}, &History{}, prometheus.NewRegistry()
	registry.MustRegister(collector.New(of, collector.Options{}))
	f := &fleet{tenants: map[string]Tenant{"": {history.Observe(registry), history}}}
	return func(d time.Duration, report mirror.Report) string {
		time.Sleep(d)
		of.report = report
		return f.get(t, "/")
	}
}

// TestSince shows that each reason has its own time since when it lasts, whatever others come and go.
func TestSince(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		after := shows(t)
		blind := func(problems ...mirror.Problem) mirror.Report { return mirror.Report{Problems: problems} }
		after(0, blind("forbidden"))
		after(time.Minute, blind("forbidden", "behind"))
		after(time.Minute, blind("forbidden"))
		text := section(t, after(time.Minute, blind("forbidden", "behind", "timeout")), "state")
		for name, want := range map[string]string{
			"forbidden": "For 3 min, since 00:00:00 UTC.", "behind": "For 0 s, since 00:03:00 UTC.", "timeout": "For 0 s, since 00:03:00 UTC.",
		} {
			if got := regexp.MustCompile(`<strong>` + name + `</strong>: .*? (For \d.*?)<br>`).FindStringSubmatch(text); got == nil || got[1] != want {
				t.Errorf("%s: got %q, want %q", name, got, want)
			}
		}
		text = section(t, after(24*time.Hour, blind("forbidden")), "state")
		if want := "For 24 h, since 2000-01-01 00:00 UTC."; !strings.Contains(text, want) {
			t.Errorf("got %s, want %s", text, want)
		}
	})
}

// TestGaps shows that the charts say where there were no numbers, and are not there if there were none at all:
// what nobody has seen is not zero.
func TestGaps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		after := shows(t)
		blind := mirror.Report{Problems: []mirror.Problem{"forbidden"}}
		if text := section(t, after(0, blind), "hour"); strings.Contains(text, "<svg") || !strings.Contains(text, "No numbers in the last hour.") {
			t.Errorf("a tenant that was never read has %s", text)
		}
		seen := func() mirror.Report { return current(incidents(12, time.Now()), time.Now()) } // two of them of unknown severity
		after(10*time.Minute, seen())
		for range 4 {
			after(15*time.Second, seen())
		}
		text := section(t, after(9*time.Minute, blind), "hour")
		if !strings.Contains(text, "Always 12 in the last 20 min, as far as there were numbers.") || !strings.Contains(text, `<span class="dot cunknown"></span>unknown`) {
			t.Errorf("got %s", text)
		}
		// Ten minutes before and nine after one of twenty.
		for _, want := range []string{`"cgap" d="M0.0 0H300.0V150H0.0Z"`, `"cgap" d="M330.0 0H600.0V150H330.0Z"`} {
			if strings.Count(text, want) != 2 {
				t.Errorf("no gap %s in both charts: %s", want, text)
			}
		}
		for range 4 * 70 {
			text = section(t, after(15*time.Second, seen()), "hour")
		}
		if strings.Contains(text, "cgap") || !strings.Contains(text, "Opened and resolved, by 5 min.") || !strings.Contains(text, "0 opened and 0 resolved in the last 60 min.<") {
			t.Errorf("an hour without a gap has one: %s", text)
		}
		for range 4 * 70 {
			text = section(t, after(15*time.Second, blind), "hour")
		}
		if strings.Contains(text, "<svg") {
			t.Errorf("an hour without numbers has %s", text)
		}
	})
}
