package e2e

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// TestBarsAddUp shows that the bars of a chart, of two minutes each, have together as many
// incidents as there were: at each of the intervals at which exporters are pulled, with one
// replica and with two of which one is always a pull behind, and that the figure above the
// chart says the same.
func TestBarsAddUp(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(9, 9))
	for _, interval := range []time.Duration{15 * time.Second, time.Minute, 5 * time.Minute} {
		for replicas := 1; replicas <= 2; replicas++ {
			t.Run(fmt.Sprintf("%d every %s", replicas, interval), func(t *testing.T) {
				values, n := arrivals(rng, interval)
				tr := trial{interval: fmt.Sprint(int(interval.Seconds())) + "s", series: told(state{"a", "1", "sees"})}
				tr.series[of("msgraph_security_incidents_opened_total", "a", "1", `severity="high"`)] = strings.Join(values, " ")
				if replicas == 2 {
					tr.series[of("msgraph_security_incidents_opened_total", "a", "2", `severity="high"`)] = "0 " + strings.Join(values, " ")
				}
				for name := range tr.series {
					if !strings.Contains(name, "opened_total") {
						tr.series[name] = strings.ReplaceAll(tr.series[name], "x90", "x1000")
					}
				}
				bars := queryOf(t, "soc-performance.json", "Arrivals and closures", "A")
				total := []sample{{"{}", float64(n)}}
				tr.asked = []asked{
					{"sum_over_time((" + bars + ")[30m:2m])", "50m", total},
					{queryOf(t, "soc-performance.json", "Opened", "A"), "50m", total},
				}
				tr.run(t)
			})
		}
	}
}

// arrivals makes up the values of a counter of an hour, and returns how much it grew from
// minute 20 to minute 50.
func arrivals(rng *rand.Rand, interval time.Duration) (values []string, grown int) {
	sum := 100
	for at := time.Duration(0); at <= time.Hour; at += interval {
		if at > 26*time.Minute && at < 44*time.Minute {
			n := rng.IntN(4)
			sum += n
			grown += n
		}
		values = append(values, fmt.Sprint(sum))
	}
	return values, grown
}

// TestCountsSurviveARestart shows that a counter that begins anew is counted on, and that one
// replica that has not begun anew is believed rather than one that has.
func TestCountsSurviveARestart(t *testing.T) {
	t.Parallel()
	name := func(instance string) string {
		return of("msgraph_security_incidents_opened_total", "a", instance, `severity="high"`)
	}
	anew, on := "100x30 100+1x10 0x10 0+1x9", "100x30 100+1x10 110x10 111+1x9"
	for title, series := range map[string]map[string]string{
		"alone":                 {name("1"): anew},
		"soon more than before": {name("1"): "5x30 5+1x10 0x10 0+1x9"},
		"not all":               {name("1"): anew, name("2"): on},
	} {
		t.Run(title, func(t *testing.T) {
			trial{interval: "1m", series: series, asked: []asked{
				{queryOf(t, "soc-performance.json", "Opened", "A") + " > bool 15", "61m", []sample{{"{}", 1}}},
				{queryOf(t, "soc-performance.json", "Opened", "A") + " < bool 22", "61m", []sample{{"{}", 1}}},
			}}.run(t)
		})
	}
}

// TestRatesAtEveryInterval shows that the requests to Graph are counted by the minute however
// rarely Prometheus pulls.
func TestRatesAtEveryInterval(t *testing.T) {
	t.Parallel()
	for interval, values := range map[string]string{"15s": "0+2.5x400", "1m": "0+10x100", "5m": "0+50x20"} {
		t.Run(interval, func(t *testing.T) {
			tr := trial{interval: interval, series: map[string]string{}}
			for _, replica := range []string{"1", "2"} {
				tr.series[of("msgraph_security_graph_requests_total", "a", replica, `operation="delta"`, `code="200"`)] = values
			}
			ask := func(name, labels string) {
				expr := "round(" + queryOf(t, "exporter-health.json", name, "A", "$__rate_interval", "4m") + ")"
				tr.asked = append(tr.asked, asked{expr, "80m", []sample{{labels, 10}}})
			}
			ask("Requests to Graph", "{}")
			ask("Answers by code", `{code="200"}`)
			tr.run(t)
		})
	}
}
