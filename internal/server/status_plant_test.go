package server

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"msgraph_security_exporter/graphclient/graphsim"
	"msgraph_security_exporter/internal/graphtest"
)

// A planting is a place where Graph sends strings, how they get there, and what the page says then.
type planting struct {
	place, says string
	plant       func(text string, answer *sent)
}

// A sent answer is what Graph is about to send to a request.
type sent struct {
	request *http.Request
	status  int
	header  http.Header
	page    map[string]any // nil if it is no list
	body    []byte         // in place of the page, if it is there
}

// rows calls do with each row of a list.
func (s *sent) rows(do func(row map[string]any, i int)) {
	for i, row := range s.page["value"].([]any) {
		do(row.(map[string]any), i)
	}
}

// refuse has an answer be an error that is made up of a text.
func (s *sent) refuse(status int, text string) {
	words := strconv.Quote(text)
	s.status, s.body = status, fmt.Appendf(nil, `{"error":{"code":%s,"message":%s,"innerError":{"request-id":%s,"date":%s}},"error_description":%s}`, words, words, words, words, words)
}

// plantings are all places. No place is spared the megabyte, but an answer of more than eight is none.
func plantings() []planting {
	properties := func(names ...string) func(string, *sent) {
		return func(text string, s *sent) {
			s.rows(func(row map[string]any, i int) {
				for _, name := range names {
					if row[name] = text; i > 0 && len(text) > 1000 {
						row[name] = text[:1000]
					}
				}
			})
		}
	}
	return []planting{
		{"what means something", "Current as of", properties("severity", "status", "classification", "determination")},
		{"what is not read", "Current as of", properties("tenantId", "displayName", "description", "summary", "lastModifiedBy", "resolvingComment")},
		{"people and links", "Current as of", properties("assignedTo", "incidentWebUrl", "@odata.type", "redirectIncidentId")},
		{"lists", "Current as of", func(text string, s *sent) {
			s.rows(func(row map[string]any, i int) {
				row["systemTags"], row["alerts"] = []string{text[:min(len(text), 1000)]}, []any{}
				if i == 0 {
					row["customTags"], row["comments"] = []string{text, "x"}, []any{map[string]string{"comment": text, "createdByDisplayName": text}}
				}
			})
		}},
		{"names of properties", "Current as of", func(text string, s *sent) {
			s.page["@odata.context"], s.page[text] = text, text
			s.rows(func(row map[string]any, i int) { row[text[:min(len(text), 1000)]] = i })
		}},
		{"dates", "malformed", properties("createdDateTime", "lastUpdateDateTime")},
		{"scores", "Current as of", properties("priorityScore")},
		{"counts", "Current as of", func(text string, s *sent) { s.page["@odata.count"] = text }},
		{"another host", "malformed", func(text string, s *sent) { s.page["@odata.nextLink"] = "https://graph.example/v1.0/" + text }},
		{"links that are none", "malformed", func(text string, s *sent) { s.page["@odata.nextLink"] = text }},
		{"refusals", "forbidden", func(text string, s *sent) { s.refuse(http.StatusForbidden, text) }},
		{"errors", "server_error", func(text string, s *sent) { s.refuse(http.StatusInternalServerError, text) }},
		{"other answers", "malformed", func(text string, s *sent) { s.body = []byte(text) }},
		{"warnings", "incomplete", func(text string, s *sent) { s.header.Set("Warning", text[:min(len(text), 1000)]) }},
		{"headers", "Current as of", func(text string, s *sent) {
			for _, name := range []string{"Date", "Request-Id", "Client-Request-Id", "X-Ms-Ags-Diagnostic", "Preference-Applied", "Retry-After", "Server"} {
				s.header.Set(name, text[:min(len(text), 1000)])
			}
		}},
	}
}

// plainly returns JSON in which markup is what it is.
func plainly(page any) []byte {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(page)
	return text.Bytes()
}

// unsteady is what differs between two pages of the same numbers at two times.
var unsteady = regexp.MustCompile(`(?s)<svg.*?</svg>|limit \d+ a minute|[\d.]+ a minute of at most \d+|\d+(\.\d+)?( (s|min|h))?`)

// planted starts an exporter at whose Graph a text is planted, and returns its page without what is unsteady.
func (p planting) planted(t *testing.T, text string) string {
	t.Helper()
	g := graphtest.Serve(t, graphsim.Config{}, func(sim http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r.Header.Del("Accept-Encoding")
			answer := httptest.NewRecorder()
			sim.ServeHTTP(answer, r)
			s := &sent{r, answer.Code, answer.Header(), nil, answer.Body.Bytes()}
			if strings.HasSuffix(r.URL.Path, "/incidents") && json.Unmarshal(s.body, &s.page) == nil && s.page["value"] != nil {
				s.body = nil
				if p.plant(text, s); s.body == nil {
					s.body = plainly(s.page)
				}
			}
			maps.Copy(w.Header(), s.header)
			w.Header().Del("Content-Length")
			w.WriteHeader(s.status)
			_, _ = w.Write(s.body)
		})
	})
	for i := range 20 {
		g.Add(graphsim.Incident{Created: time.Now().Add(-time.Duration(i+1) * time.Hour), Severity: "high", Score: new(5 * i)})
	}
	e := start(t, graphtest.None, g.Flags("--collector.incident-info=5")...)
	e.awaitPage(t, "/", p.says)
	_, page := e.get(t, "/")
	for _, name := range []string{"/", "/metrics"} {
		if _, all := e.get(t, name); strings.Contains(all, text[:min(len(text), 60)]) || strings.Contains(html.UnescapeString(all), text[:min(len(text), 60)]) {
			t.Errorf("%s: %s has what was planted", p.place, name)
		}
	}
	return unsteady.ReplaceAllString(page, "#")
}

// TestPlantedStrings shows that whatever strings Graph sends, wherever it does, the page is that of any other
// strings that mean nothing.
func TestPlantedStrings(t *testing.T) {
	t.Parallel()
	for _, p := range plantings() {
		t.Run(p.place, func(t *testing.T) {
			t.Parallel()
			want := p.planted(t, "means-nothing")
			for name, text := range map[string]string{
				"markup":     `"><script>alert(1)</script><img src=x onerror=alert(1)>'{{.}}</pre>`,
				"a megabyte": strings.Repeat("<b>", 350_000),
			} {
				if got := p.planted(t, text); got != want {
					t.Errorf("%s changes the page (-without +with):\n%s", name, cmp.Diff(strings.Split(want, "\n"), strings.Split(got, "\n")))
				}
			}
			// Who sends back the secret is not Graph. That it is nowhere is all that there is to say.
			p.says += "|malformed"
			p.planted(t, graphtest.Secret)
		})
	}
}
