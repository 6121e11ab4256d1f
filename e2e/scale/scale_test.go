package scale

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"testing"
	"time"
)

// TestScale prints what they cost, and holds the two things that must hold: after the
// first synchronisations 99 of 100 probes take less than a second, and nobody is alerted about a
// tenant of an exporter that lives.
func TestScale(t *testing.T) {
	s := set(t)
	s.pause(*warm)
	s.describe("after the warm-up")
	before := s.cpu()
	s.pause(*measure)
	s.describe("after the measurement")
	s.reportCost(before)
	if up := s.sum("sum(msgraph_security_up)"); up < float64(*tenants) {
		t.Errorf("%v of %d tenants are up", up, *tenants)
	}
	minutes := int(measure.Minutes())
	durations := s.values(fmt.Sprintf(`quantile_over_time(1, scrape_duration_seconds{job="msgraph_security"}[%dm])`, minutes))
	slices.Sort(durations)
	all := s.values(fmt.Sprintf(`quantile_over_time(0.5, scrape_duration_seconds{job="msgraph_security"}[%dm])`, minutes))
	slices.Sort(all)
	t.Logf("of each tenant's slowest probe: half within %.3f s, 99 %% within %.3f s, all within %.3f s; of each one's median: half within %.3f s, 99 %% within %.3f s",
		at(durations, 0.5), at(durations, 0.99), at(durations, 1), at(all, 0.5), at(all, 0.99))
	if slow := at(durations, 0.99); slow >= 1 {
		t.Errorf("99 %% of the slowest probes are within %.3f s, want less than a second", slow)
	}

	s.messages.take()
	if err := s.exporters[0].Process.Kill(); err != nil {
		t.Fatal(err)
	}
	s.pause(*killed)
	s.reportAlerts()
}

// reportAlerts prints what was sent after exporter 0 was killed.
func (s *stage) reportAlerts() {
	s.Helper()
	sent := map[string]int{}
	about := map[string]map[string]bool{}
	for _, m := range s.messages.take() {
		if m.Status != "firing" {
			continue
		}
		names := map[string]bool{}
		for _, a := range m.Alerts {
			alert, tenant := a.Labels["alertname"], a.Labels["tenant"]
			if !regexp.MustCompile("Blind|Down|Gone|Stale|Absent").MatchString(alert) {
				continue
			}
			names[alert] = true
			if about[alert] == nil {
				about[alert] = map[string]bool{}
			}
			about[alert][tenant] = true
			// A page about several tenants names some of them in its description.
			for _, named := range regexp.MustCompile(`\bt(\d+)\b`).FindAllStringSubmatch(tenant+" "+a.Annotations["description"], -1) {
				if i, err := strconv.Atoi(named[1]); err != nil || i%exporters != 0 {
					s.Errorf("%s is about %s, whose exporter lives", alert, named[0])
				}
			}
		}
		for n := range names {
			sent[m.Receiver+" "+n]++
		}
	}
	for what, n := range sent {
		s.Logf("%s after one of %d exporters was killed: %d messages", what, exporters, n)
	}
	for alert, tenants := range about {
		s.Logf("%s: about %d tenants", alert, len(tenants))
	}
	if n := sent["page MsgraphSecurityBlind"]; n != 1 {
		s.Errorf("whoever is on call was told %d times that an exporter was killed, want once", n)
	}
}

// pause waits, and fails the test if it has no time left.
func (s *stage) pause(d time.Duration) {
	s.Helper()
	select {
	case <-time.After(d):
	case <-s.Context().Done():
		s.Fatal("no time left")
	}
}

// describe prints what exporters and servers hold.
func (s *stage) describe(when string) {
	s.Helper()
	s.Logf("%s: %v of %d tenants are up, %v series of the exporter's", when, s.sum("sum(msgraph_security_up)"), *tenants, s.sum(`sum(scrape_samples_scraped{job="msgraph_security"})`))
	for e, a := range s.addresses {
		s.Logf("exporter %d: %.0f MB resident", e, metric(s.T, a, "process_resident_memory_bytes")/1e6)
	}
	for n, a := range s.servers {
		s.Logf("Prometheus %d: %.0f targets, %.0f series in its head, %.0f MB resident", n, s.value(a, `count(up{job="msgraph_security"})`),
			metric(s.T, a, "prometheus_tsdb_head_series"), metric(s.T, a, "process_resident_memory_bytes")/1e6)
	}
}

// metric returns a series of a process's own page.
func metric(t *testing.T, address, name string) float64 {
	t.Helper()
	found := regexp.MustCompile(`(?m)^` + name + ` (\S+)$`).FindStringSubmatch(get(t, "http://"+address+"/metrics"))
	if found == nil {
		t.Fatalf("%s has no %s", address, name)
	}
	v, err := strconv.ParseFloat(found[1], 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// sum adds up what the servers answer.
func (s *stage) sum(query string) float64 {
	total := 0.0
	for _, a := range s.servers {
		total += s.value(a, query)
	}
	return total
}

func (s *stage) value(server, query string) float64 {
	total := 0.0
	for _, v := range ask(s.T, server, query) {
		total += v
	}
	return total
}

// values returns what all servers answer.
func (s *stage) values(query string) []float64 {
	var all []float64
	for _, a := range s.servers {
		all = append(all, ask(s.T, a, query)...)
	}
	return all
}

// ask returns the values of a query's series.
func ask(t *testing.T, server, query string) []float64 {
	t.Helper()
	var answer struct {
		Data struct {
			Result []struct{ Value [2]any }
		}
	}
	if err := json.Unmarshal([]byte(get(t, "http://"+server+"/api/v1/query?query="+url.QueryEscape(query))), &answer); err != nil {
		t.Fatal(err)
	}
	var all []float64
	for _, r := range answer.Data.Result {
		v, err := strconv.ParseFloat(r.Value[1].(string), 64)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, v)
	}
	return all
}

func get(t *testing.T, url string) string {
	t.Helper()
	answer, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// at returns a quantile of sorted values.
func at(sorted []float64, q float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(len(sorted)-1, int(q*float64(len(sorted))))]
}
