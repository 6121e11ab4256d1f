package statuspage

import (
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"msgraph_security_exporter/collector"
	"msgraph_security_exporter/internal/mirror"
)

// TestPlantedMarkup shows that a page has the same elements whatever the strings of an incident, an
// objective, a browser and an environment hold.
func TestPlantedMarkup(t *testing.T) {
	now := time.Now()
	markup := `"><script>alert(1)</script><img src=x onerror=alert(1)>'{{.}}</pre>`
	page := func(text, host string) string {
		open := incidents(20, now)
		for i := range open {
			open[i].ID, open[i].WebURL = fmt.Sprint(text, i), "https://security.example/?"+text
		}
		f := &fleet{}
		f.add(t, "", current(open, now), collector.Objective{Name: "name" + text, AcknowledgeWithin: time.Hour})
		h, err := New(f, Options{Version: "v" + text})
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
		r.Host = host
		answer := httptest.NewRecorder()
		h.ServeHTTP(answer, r)
		// The file of tenants has names without markup. If it had not, they would do no harm either.
		many := &fleet{}
		name := text[:min(63, len(text))]
		many.add(t, name, current(open, now))
		many.add(t, "other", current(open, now))
		return answer.Body.String() + many.get(t, "/") + many.get(t, "/tenants/"+url.PathEscape(name))
	}
	plain, planted := page("x", "host:1"), page(markup, markup)
	count := func(text string) int { return len(regexp.MustCompile(`<`).FindAllString(text, -1)) }
	if count(plain) != count(planted) || !strings.Contains(planted, "&lt;script&gt;") {
		t.Errorf("got %d elements with markup in the strings, want %d:\n%s", count(planted), count(plain), planted)
	}
	if strings.Contains(planted, "javascript:") || !strings.Contains(planted, `targets: [&#34;localhost:10365&#34;]`) {
		t.Errorf("a host that is none is repeated:\n%s", section(t, planted, "exporter"))
	}
	// The metrics leave out the link of an incident that is so long.
	if long := page(strings.Repeat("<b>", 350_000), "h"); len(long) > 10<<20 || count(long) > count(plain) {
		t.Errorf("a string of a megabyte makes a page of %d bytes with %d elements", len(long), count(long))
	}
}

// TestStates shows what a page says of each way in which a tenant can stand, and that it shows no number
// where there is none.
func TestStates(t *testing.T) { synctest.Test(t, testStates) }

func testStates(t *testing.T) {
	t.Helper()
	operations, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	for _, p := range mirror.Problems() {
		i := slices.IndexFunc(reasons, func(r reason) bool { return r.Name == string(p) })
		if i < 0 || reasons[i].Meaning == "" || reasons[i].Advice == "" {
			t.Fatalf("the page has no words for %s", p)
		}
		if told := reasons[i].Advice; !regexp.MustCompile("(?m)^\\| `" + string(p) + "` \\| .* \\| " + regexp.QuoteMeta(told) + " \\|$").Match(operations) {
			t.Errorf("docs/operations.md advises otherwise about %s than %q", p, told)
		}
		blind := mirror.Report{Taken: now.Add(-time.Hour), Progress: 1, Problems: []mirror.Problem{p}}
		f := &fleet{}
		f.add(t, "", blind)
		page := f.get(t, "/")
		if text := section(t, page, "state"); !strings.Contains(text, "No numbers") || !strings.Contains(text, "<strong>"+string(p)+"</strong>") || !strings.Contains(text, "60 min old") {
			t.Errorf("%s: got %s", p, text)
		} else if said := html.UnescapeString(regexp.MustCompile("<[^>]*>").ReplaceAllString(text, "")); strings.ContainsAny(said, "`*") ||
			!strings.Contains(said, "What to do: "+strings.NewReplacer("`", "", "*", "").Replace(reasons[i].Advice)) {
			t.Errorf("%s: got the words %q", p, said)
		}
		if text := section(t, page, "open"); !strings.Contains(text, "Not known.") || strings.Contains(text, "<td") {
			t.Errorf("%s: a page without numbers shows some: %s", p, text)
		}
	}
	old := current(incidents(9, now), now.Add(-90*time.Second))
	old.Up, old.Problems = false, []mirror.Problem{"unreachable"}
	for want, report := range map[string]mirror.Report{
		"First synchronisation: 40 %":     {Progress: 0.4, Problems: []mirror.Problem{mirror.Synchronising}},
		"Current as of 0 s ago":           current(nil, now.Add(time.Minute)),
		"Old numbers, as of 90 s ago":     old,
		"No numbers":                      {Progress: 0.4, Problems: []mirror.Problem{"forbidden", mirror.Synchronising}},
		"Grant the permission and the co": {Problems: []mirror.Problem{"forbidden"}},
	} {
		f := &fleet{}
		f.add(t, "", report)
		if text := section(t, f.get(t, "/"), "state"); !strings.Contains(text, want) {
			t.Errorf("got %s, want %s", text, want)
		}
	}
}

// TestOverview shows that of many tenants those in trouble come first, and that five hundred fit.
func TestOverview(t *testing.T) { synctest.Test(t, testOverview) }

func testOverview(t *testing.T) {
	t.Helper()
	now := time.Now()
	f := &fleet{}
	for i := range 500 {
		f.add(t, fmt.Sprintf("tenant-%03d", i), current(incidents(i%50, now), now))
	}
	f.add(t, "blind", mirror.Report{Problems: []mirror.Problem{"credential"}})
	for name, tenant := range f.tenants {
		if name != "tenant-007" { // which nobody has asked for
			_, _ = tenant.Metrics.Gather()
		}
	}
	page := f.get(t, "/")
	var order []string
	for _, m := range regexp.MustCompile(`href="/tenants/([^"]+)"`).FindAllStringSubmatch(page, -1) {
		order = append(order, m[1])
	}
	if len(order) != 501 || !cmp.Equal(order[:2], []string{"blind", "tenant-007"}) || order[500] != "tenant-450" {
		t.Errorf("got the order %v", order)
	}
	if text := section(t, page, "state"); !strings.Contains(text, "499 of 501 tenants current") {
		t.Errorf("got %s", text)
	}
	if len(f.refreshed) != 501 {
		t.Errorf("%d tenants were refreshed, want all", len(f.refreshed))
	}
	f.handler(t).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", http.NoBody))
	if len(f.refreshed) != 501 {
		t.Errorf("a second view at once had %d refreshed", len(f.refreshed)-501)
	}
	if one := f.get(t, "/tenants/tenant-033"); !strings.Contains(one, "/probe?target=tenant-033") {
		t.Error("the page of a tenant does not link to its metrics")
	}
	answer := httptest.NewRecorder()
	f.handler(t).ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/tenants/other", http.NoBody))
	if answer.Code != http.StatusNotFound {
		t.Errorf("a tenant that is not there answers %d", answer.Code)
	}
}

// TestHistory shows that a history is an hour long, however long and often somebody asks, that a page asks
// for a refresh as one puller would, and that there is a gap where there were no numbers.
func TestHistory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fleet{}
		tenant := f.add(t, "", current(incidents(5, time.Now()), time.Now()))
		pages := f.handler(t)
		const views = 2 * 3600 / 5
		for range views {
			pages.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", http.NoBody))
			time.Sleep(5 * time.Second)
		}
		m := tenant.History.now()
		if len(m.points) < points || len(m.points) > points+1 {
			t.Errorf("got %d points, want %d", len(m.points), points)
		}
		if n := len(f.refreshed); n != views/3 {
			t.Errorf("%d views 5 s apart had %d refreshes, want one each 15 s", views, n)
		}
		now := time.Now()
		if runs := m.runs(now); len(runs) != 1 {
			t.Errorf("got %d pieces, want one", len(runs))
		}
		m.points[100].known = false
		if runs := m.runs(now); len(runs) != 2 {
			t.Errorf("got %d pieces, want a gap between two", len(runs))
		}
	})
}

// TestPolicy shows that a page allows nothing inline and nothing from elsewhere, and has none of it.
func TestPolicy(t *testing.T) {
	f := &fleet{}
	f.add(t, "", current(incidents(30, time.Now()), time.Now()), collector.DefaultObjectives()...)
	answer := httptest.NewRecorder()
	f.handler(t).ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/", http.NoBody))
	if got := answer.Header().Get("Content-Security-Policy"); got != policy || strings.Contains(got, "unsafe") || !strings.HasPrefix(got, "default-src 'none'") {
		t.Errorf("got the policy %q", got)
	}
	if m := regexp.MustCompile(`(?i) (style|on[a-z]+)=|<style|<script[^>]*></script>.*<script|<script>`).FindString(answer.Body.String()); m != "" {
		t.Errorf("the page has %q inline", m)
	}
	for path, kind := range map[string]string{"/status/page.js": "text/javascript; charset=utf-8", "/status/page.css": "text/css; charset=utf-8"} {
		file := httptest.NewRecorder()
		f.handler(t).ServeHTTP(file, httptest.NewRequest(http.MethodGet, path, http.NoBody))
		if file.Code != http.StatusOK || file.Header().Get("Content-Type") != kind || file.Body.Len() == 0 {
			t.Errorf("%s: got %d, %s", path, file.Code, file.Header().Get("Content-Type"))
		}
	}
}
