package scale

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
)

// cpu returns how many seconds of a processor the processes of each kind have used so far.
func (s *stage) cpu() map[string]float64 {
	s.Helper()
	all := map[string]float64{}
	for kind, processes := range s.processes {
		for _, p := range processes {
			// "pid (name) state ppid …": the times are the 14th and 15th field, in hundredths.
			text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.Process.Pid))
			if err != nil {
				s.Fatal(err)
			}
			_, rest, _ := strings.Cut(string(text), ") ")
			fields := strings.Fields(rest)
			for _, field := range fields[11:13] {
				ticks, err := strconv.Atoi(field)
				if err != nil {
					s.Fatal(err)
				}
				all[kind] += float64(ticks) / 100
			}
		}
	}
	return all
}

// reportCost prints what a tenant costs in a minute, where before is what cpu returned before the
// measurement: time does not depend on what else the machine does, as durations do.
func (s *stage) reportCost(before map[string]float64) {
	s.Helper()
	tenantMinutes := float64(*tenants) * measure.Minutes()
	after := s.cpu()
	for _, kind := range slices.Sorted(maps.Keys(after)) {
		spent := after[kind] - before[kind]
		s.Logf("%s: %.0f s of a processor, %.1f ms for each tenant and minute, %.0f %% of a processor", kind, spent, 1000*spent/tenantMinutes, 100*spent/measure.Seconds())
	}
	span := fmt.Sprintf("[%ds]", int(measure.Seconds()))
	probes := s.sum(`sum(count_over_time(up{job="msgraph_security"}` + span + `))`)
	failed := probes - s.sum(`sum(sum_over_time(up{job="msgraph_security"}`+span+`))`)
	s.Logf("%.0f probes, %.0f of them without an answer; %.2f requests to Graph for each tenant and minute", probes, failed,
		s.sum(`sum(increase(msgraph_security_graph_requests_total`+span+`))`)/tenantMinutes)
}
