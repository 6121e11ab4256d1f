package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"msgraph_security_exporter/graphclient/graphsim"
)

// A pager is who Alertmanager calls.
type pager struct {
	url string

	mu    sync.Mutex
	calls []call
	// broken are annotations whose templates Prometheus could not fill.
	broken []string
}

// A call is one alert of a message from Alertmanager, with the number that was reached, if any, and where in the portal
// it leads.
type call struct {
	receiver, alert, status, portal string
	at                              time.Time
}

func newPager(t *testing.T) *pager {
	t.Helper()
	p := &pager{}
	server := httptest.NewServer(http.HandlerFunc(p.answer))
	t.Cleanup(server.Close)
	p.url = server.URL
	return p
}

func (p *pager) answer(_ http.ResponseWriter, r *http.Request) {
	var message struct {
		Receiver string
		Alerts   []struct {
			Status              string
			Labels, Annotations map[string]string
		}
	}
	if err := json.NewDecoder(r.Body).Decode(&message); err != nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, a := range message.Alerts {
		for name, text := range a.Annotations {
			if strings.Contains(text, "<error") {
				p.broken = append(p.broken, a.Labels["alertname"]+" "+name+": "+text)
			}
		}
		p.calls = append(p.calls, call{message.Receiver, strings.TrimSpace(a.Labels["alertname"] + " " + a.Labels["reached"]), a.Status, a.Annotations["portal_url"], time.Now()})
	}
}

// wait waits for a call about an alert since then and returns how long it took.
func (p *pager) wait(t *testing.T, receiver, alert, status string, since time.Time) time.Duration {
	t.Helper()
	var took time.Duration
	await(t, fmt.Sprintf("%s: %s is %s", receiver, alert, status), func() error {
		p.mu.Lock()
		defer p.mu.Unlock()
		i := slices.IndexFunc(p.calls, func(c call) bool {
			return c.receiver == receiver && c.alert == alert && c.status == status && c.at.After(since)
		})
		if i < 0 {
			return fmt.Errorf("called about %v", p.calls)
		}
		took = p.calls[i].at.Sub(since)
		return nil
	})
	return took
}

// paged returns the calls about what fires that on call has had, and those about what is over, in order.
func (p *pager) paged() (fires, over []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.calls {
		switch name := strings.TrimPrefix(c.alert, "MsgraphSecurity"); {
		case c.receiver != "page":
		case c.status == "firing":
			fires = append(fires, name)
		default:
			over = append(over, name)
		}
	}
	return fires, over
}

// checkRules: a real Prometheus can evaluate every rule, has what each is recorded of, and knows
// every metric that a rule asks for.
func (p *prometheus) checkRules(t *testing.T) {
	t.Helper()
	var evaluated struct {
		Data struct {
			Groups []struct {
				Rules []struct{ Name, Health, LastError string }
			}
		}
	}
	text, err := get(p.url + "/api/v1/rules")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(text), &evaluated); err != nil || len(evaluated.Data.Groups) != 1 {
		t.Fatalf("%d groups, %v", len(evaluated.Data.Groups), err)
	}
	for _, r := range evaluated.Data.Groups[0].Rules {
		if r.Health != "ok" || r.LastError != "" {
			t.Errorf("%s is %s: %s", r.Name, r.Health, r.LastError)
		}
	}
	for _, r := range rules(t) {
		for _, name := range names.FindAllString(r.Expr, -1) {
			// A secret whose end nobody has declared, and what waits while nothing does.
			if name == "msgraph_security_credential_expiry_timestamp_seconds" || name == "msgraph_security_oldest_unassigned_incident_created_timestamp_seconds" || strings.Contains(name, ":") {
				continue
			}
			await(t, name, func() error {
				values, err := p.byTenant("count(" + name + ")")
				if err == nil && len(values) == 0 {
					err = errors.New("no such series")
				}
				return err
			})
		}
	}
}

// TestPage follows incidents from Graph to whoever is on call: one that comes, one whose score
// comes later and dates nothing, and the end of both when somebody takes them. Two pulls and an
// evaluation are 3 s here, and what is not dated may take 30 more. Then
// the exporter is gone, and being blind is a page too, to the same people.
func TestPage(t *testing.T) {
	t.Parallel()
	sim := tenant(graphsim.Config{})
	for i := range 10 {
		sim.Add(graphsim.Incident{Created: time.Now().Add(-time.Duration(i) * time.Hour), Severity: "low", Score: new(10 * i), AssignedTo: "somebody"})
	}
	graph := httptest.NewServer(sim)
	t.Cleanup(graph.Close)
	e := start(t, exporter, flags(t, graph.URL, "--log.level=info")...)
	p := newPager(t)
	w := watching(t, e.address(t), manned(t, p))
	const (
		slack = 10 * time.Second // of a crowded machine
		alert = "MsgraphSecurityHighPriorityUnassigned"
	)
	within := func(what string, took, limit time.Duration) {
		t.Helper()
		if t.Logf("%s took %s of %s", what, took, limit); took > limit+slack {
			t.Errorf("%s took %s, want %s", what, took, limit)
		}
	}
	take := func(id string) {
		t.Helper()
		now := time.Now()
		sim.Change(id, graphsim.Dated, func(in *graphsim.Incident) { in.AssignedTo = "somebody" })
		p.wait(t, "page", alert, "resolved", now)
	}
	began := time.Now()
	id := sim.Add(graphsim.Incident{Created: began, Severity: "low", Score: new(86)})
	within("a dated change", p.wait(t, "page", alert, "firing", began), 3*time.Second)
	take(id)
	w.checkRules(t)

	id = sim.Add(graphsim.Incident{Created: time.Now().Add(-50 * time.Minute), Severity: "low"})
	began = time.Now()
	sim.Change(id, graphsim.Undated, func(in *graphsim.Incident) { in.Score = new(99) })
	within("a score that comes later", p.wait(t, "page", alert, "firing", began), 33*time.Second)
	take(id)

	// Who was called for an incident is called for the next, though the page has not ended.
	began = time.Now()
	sim.Add(graphsim.Incident{Created: began, Severity: "low", Score: new(90)})
	p.wait(t, "page", alert, "firing", began)
	began = time.Now()
	sim.Add(graphsim.Incident{Created: began, Severity: "low", Score: new(91)})
	within("a second one", p.wait(t, "page", "MsgraphSecurityHighPriorityMoreUnassigned 2", "firing", began), 3*time.Second)

	began = time.Now()
	e.stop(t)
	within("blindness", p.wait(t, "page", "MsgraphSecurityBlind", "firing", began), 18*time.Second)
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.broken) > 0 {
		t.Errorf("not filled: %q", p.broken)
	}
}
