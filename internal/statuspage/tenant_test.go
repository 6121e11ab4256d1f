package statuspage

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"msgraph_security_exporter/collector"
	"msgraph_security_exporter/internal/defender"
	"msgraph_security_exporter/internal/mirror"
)

// A source is a mirror that says always the same.
type source struct{ report mirror.Report }

func (s *source) Report() mirror.Report { return s.report }

// A fleet is tenants of sources.
type fleet struct {
	tenants   map[string]Tenant
	refreshed []string
}

func (f *fleet) Names() []string {
	names := make([]string, 0, len(f.tenants))
	for name := range f.tenants {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func (f *fleet) Acquire(name string) (t Tenant, release func(), ok bool) {
	t, ok = f.tenants[name]
	return t, func() {}, ok
}

func (f *fleet) Refresh(names []string) { f.refreshed = append(f.refreshed, names...) }

// add adds a tenant that a mirror reports so, with objectives and with incidents one by one.
func (f *fleet) add(t testing.TB, name string, report mirror.Report, objectives ...collector.Objective) Tenant {
	t.Helper()
	registry := prometheus.NewRegistry()
	registry.MustRegister(collector.New(&source{report}, collector.Options{Objectives: objectives, IncidentInfo: 10}), collector.NewFlow(false))
	history := &History{}
	added := Tenant{history.Observe(registry), history}
	if f.tenants == nil {
		f.tenants = map[string]Tenant{}
	}
	f.tenants[name] = added
	return added
}

// handler returns the page of the fleet.
func (f *fleet) handler(t testing.TB) http.Handler {
	t.Helper()
	h, err := New(f, Options{Version: "1.2.3"})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// get returns the page at a path.
func (f *fleet) get(t testing.TB, path string) string {
	t.Helper()
	answer := httptest.NewRecorder()
	f.handler(t).ServeHTTP(answer, httptest.NewRequest(http.MethodGet, path, http.NoBody))
	if answer.Code != http.StatusOK {
		t.Fatalf("%s: got status %d", path, answer.Code)
	}
	return answer.Body.String()
}

// incidents returns some, of every severity, priority and status.
func incidents(n int, now time.Time) []defender.Incident {
	all := make([]defender.Incident, n)
	severities := append(defender.Severities(), 0)
	for i := range all {
		all[i] = defender.Incident{
			ID: fmt.Sprint(i), Created: defender.TicksOf(now.Add(-time.Duration(i) * time.Minute)), Scored: i%5 > 0, Score: int32(i * 7 % 101),
			Assigned: i%3 == 0, Severity: severities[i%len(severities)], Status: defender.Status(i / 7 % 4), Classification: defender.Classification(i / 11 % 5),
			WebURL: "https://security.example/" + fmt.Sprint(i),
		}
	}
	return all
}

// current returns the report of a mirror that is up, with these incidents.
func current(open []defender.Incident, now time.Time) mirror.Report {
	return mirror.Report{Snapshot: &mirror.Snapshot{Taken: now, Open: open}, Up: true, Taken: now, Progress: 1, RequestsPerMinute: 45, SweepPeriod: 10 * time.Minute}
}

// section returns a part of a page by its id.
func section(t *testing.T, page, id string) string {
	t.Helper()
	_, rest, ok := strings.Cut(page, `<section id="`+id+`"`)
	part, _, closed := strings.Cut(rest, "</section>")
	if !ok || !closed {
		t.Fatalf("no section %s in:\n%s", id, page)
	}
	return part
}
