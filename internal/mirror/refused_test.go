package mirror

import (
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"msgraph_security_exporter/graphclient/graphsim"
)

// An obstacle stands between a mirror and Graph while it is up: requests for incidents that it
// stops are answered with a status, or have a property taken out of their filter.
type obstacle struct {
	graph  http.RoundTripper
	up     *atomic.Bool
	stops  func(filter string, r *http.Request) bool
	status int // 0: the property is ignored
	once   bool
	term   *regexp.Regexp
}

func (o *obstacle) RoundTrip(r *http.Request) (*http.Response, error) {
	query := r.URL.Query()
	filter := query.Get("$filter")
	if !o.up.Load() || !strings.Contains(r.URL.Path, "/incidents") || !o.stops(filter, r) {
		return o.graph.RoundTrip(r)
	}
	if o.once {
		o.up.Store(false)
	}
	if o.status > 0 {
		return &http.Response{StatusCode: o.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{},
			Request: r, Body: io.NopCloser(strings.NewReader(`{"error":{"code":"","message":"no"}}`))}, nil
	}
	terms := slices.DeleteFunc(strings.Split(filter, " and "), o.term.MatchString)
	if query.Del("$filter"); len(terms) > 0 {
		query.Set("$filter", strings.Join(terms, " and "))
	}
	again := r.Clone(r.Context())
	again.URL.RawQuery = query.Encode()
	return o.graph.RoundTrip(again)
}

// filters returns what stops requests that filter by a property.
func filters(property string) func(string, *http.Request) bool {
	return func(filter string, _ *http.Request) bool { return strings.Contains(filter, property) }
}

// byID stops requests for one incident.
func byID(_ string, r *http.Request) bool { return !strings.HasSuffix(r.URL.Path, "/incidents") }

// inWindow stops requests for what was created at a time, where they say when.
func inWindow(at time.Time) func(string, *http.Request) bool {
	bound := regexp.MustCompile(`createdDateTime (ge|lt) (\S+)`)
	return func(filter string, _ *http.Request) bool {
		found := bound.FindAllStringSubmatch(filter, -1)
		for _, b := range found {
			limit, err := time.Parse(time.RFC3339, b[2])
			if err != nil {
				panic(err)
			}
			if at.Before(limit) != (b[1] == "lt") {
				return false
			}
		}
		return len(found) > 0
	}
}

// TestObstacles has Graph refuse, ignore or fail in one way, from the start or from later on, for a
// quarter of an hour: as long as some other way shows everything there are numbers, with a reason
// where they may be old, and all is well when it ends.
func TestObstacles(t *testing.T) {
	const created, updated = "createdDateTime", "lastUpdateDateTime"
	lost := time.Date(1999, 11, 20, 0, 0, 0, 0, time.UTC) // synctest begins with the year 2000
	for _, c := range []struct {
		name     string
		obstacle obstacle
		order    graphsim.Order
		reason   Problem // "": none
	}{
		{"by id fails", obstacle{stops: byID, status: 500}, 0, ""},
		{"by id is forbidden", obstacle{stops: byID, status: 403}, 0, ""},
		{"by id hides", obstacle{stops: byID, status: 404}, 0, ""},
		{"one 400", obstacle{stops: filters("status"), status: 400, once: true}, 0, ""},
		{"update refused", obstacle{stops: filters(updated), status: 400}, 0, "bad_request"},
		{"update refused, list by id", obstacle{stops: filters(updated), status: 400}, graphsim.ByID, "bad_request"},
		{"update refused, list by update", obstacle{stops: filters(updated), status: 400}, graphsim.UpdatedDescending, "bad_request"},
		{"update ignored", obstacle{stops: filters(updated), term: regexp.MustCompile(updated)}, 0, "incomplete"},
		{"created refused", obstacle{stops: filters(created), status: 400}, 0, "bad_request"},
		{"created refused, list by id", obstacle{stops: filters(created), status: 400}, graphsim.ByID, "bad_request"},
		{"created ignored", obstacle{stops: filters(created), term: regexp.MustCompile(created)}, 0, "incomplete"},
		{"created fails", obstacle{stops: filters(created), status: 500}, 0, "server_error"},
		{"a window fails", obstacle{stops: inWindow(lost), status: 500}, 0, "server_error"},
		{"a window is refused", obstacle{stops: inWindow(lost), status: 400}, graphsim.ByID, "bad_request"},
		{"status refused", obstacle{stops: filters("status"), status: 400}, 0, ""},
		{"status ignored", obstacle{stops: filters("status"), term: regexp.MustCompile("status")}, 0, ""},
	} {
		for _, fromStart := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, from the start %t", c.name, fromStart), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					sim := graphsim.New(graphsim.Config{Latency: 100 * time.Millisecond, Terse: true, Order: c.order})
					fill(sim, 413, 90*24*time.Hour)
					o := c.obstacle
					playObstacle(t, sim, &o, fromStart, c.reason)
				})
			})
		}
	}
}

func playObstacle(t *testing.T, sim *graphsim.Sim, o *obstacle, fromStart bool, reason Problem) {
	o.graph, o.up = sim, new(atomic.Bool)
	w := &watcher{t: t, sim: sim, m: New(limited(o), Config{})}
	o.up.Store(fromStart)
	run(t, w.m)
	w.pullFor(2*time.Minute, 15*time.Second, nil)
	o.up.Store(true)
	sim.ForgetRequests()
	all := ids(sim)
	pulls := w.pullFor(15*time.Minute, 15*time.Second, func(i int) {
		if i%8 == 4 {
			sim.Change(all[i], graphsim.Dated, closeIncident)
		}
	})
	told := false
	for _, p := range pulls {
		if p.report.Snapshot == nil {
			t.Errorf("no numbers at %s: %v", p.at.Format(time.TimeOnly), p.report.Problems)
		}
		if p.report.Up && len(p.report.Problems) == 0 && !p.right {
			t.Errorf("wrong at %s and no reason", p.at.Format(time.TimeOnly))
		}
		told = told || slices.Contains(p.report.Problems, reason)
	}
	if !told && reason != "" {
		t.Errorf("never said %s", reason)
	}
	if n := len(sim.Requests()); n > 15*60 {
		t.Errorf("%d requests in a quarter of an hour", n)
	}
	o.up.Store(false)
	after := w.pullFor(11*time.Minute, 15*time.Second, nil)
	if last := after[len(after)-1]; !last.right || !last.report.Up || len(last.report.Problems) > 0 {
		t.Errorf("after it: right %t, up %t, %v", last.right, last.report.Up, last.report.Problems)
	}
}

// TestFailingWindow has one window fail for ever, twice over when it is cut: its reason stays, all
// others are swept in time, and the young ones at their pace.
func TestFailingWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := graphsim.New(graphsim.Config{Latency: 100 * time.Millisecond, Terse: true})
		fill(sim, 413, 90*24*time.Hour)
		lost := time.Date(1999, 11, 20, 0, 0, 0, 0, time.UTC)
		o := &obstacle{graph: sim, up: new(atomic.Bool), stops: inWindow(lost), status: 500}
		m := New(limited(o), Config{})
		run(t, m)
		w := &watcher{t: t, sim: sim, m: m}
		w.pullFor(2*time.Minute, 15*time.Second, nil)
		o.up.Store(true)
		w.pullFor(12*time.Minute, 15*time.Second, nil)
		for _, id := range ids(sim) {
			sim.Change(id, graphsim.Undated, func(in *graphsim.Incident) { in.Score = new(77) })
		}
		young := sim.Add(graphsim.Incident{Severity: "high"})
		w.pullFor(time.Minute, 15*time.Second, nil)
		sim.Change(young, graphsim.Undated, func(in *graphsim.Incident) { in.Score = new(90) })
		for _, p := range w.pullFor(12*time.Minute, 15*time.Second, nil) {
			if r := &p.report; !r.Up || !slices.Contains(r.Problems, "server_error") || r.YoungPeriod > 35*time.Second {
				t.Errorf("at %s up %t, %v, young ones read after %s", p.at.Format(time.TimeOnly), r.Up, r.Problems, r.YoungPeriod)
			}
		}
		old := 0
		for _, in := range m.Report().Snapshot.Open {
			if in.ID == young && in.Score != 90 || in.ID != young && in.Score != 77 && in.Created.Time().Sub(lost).Abs() > 12*24*time.Hour {
				t.Errorf("incident %s, created %s, has a score of %d", in.ID, in.Created.Time(), in.Score)
			}
			if in.ID != young && in.Score != 77 {
				old++
			}
		}
		if old == 0 {
			t.Error("the window did not fail")
		}
	})
}

// TestRefusedStatusFilter: Graph is not asked for each listing anew what it has just refused.
func TestRefusedStatusFilter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := graphsim.New(graphsim.Config{Latency: 100 * time.Millisecond, Terse: true, RefuseStatusFilter: true})
		fill(sim, 300, 90*24*time.Hour)
		w := watch(t, sim, Config{})
		w.pullFor(20*time.Minute, 15*time.Second, nil)
		refused := 0
		for _, r := range sim.Requests() {
			if r.Status == http.StatusBadRequest {
				refused++
			}
		}
		if refused < 2 || refused > 8 { // twice until it is believed, once more at times
			t.Errorf("Graph refused %d of %d requests in twenty minutes", refused, len(sim.Requests()))
		}
		if p := w.pull(); !p.right || !p.report.Up {
			t.Errorf("right %t, up %t, %v", p.right, p.report.Up, p.report.Problems)
		}
	})
}
