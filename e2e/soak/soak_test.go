package soak

import (
	"context"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"testing"
	"time"

	"msgraph_security_exporter/graphclient/graphsim"
)

// What has to stay as it is, how much more of it the last third may have than the second one, and
// what is the noise of a garbage collection or of a connection more or less.
var held = []struct {
	series string
	share  float64
	noise  float64
}{
	{"go_goroutines", 1.05, 20},
	{"process_open_fds", 1.05, 20},
	{"process_resident_memory_bytes", 1.05, 8e6},
}

// TestSoak pulls at a steady rate while incidents come and go, tenants have faults and the
// configuration is reloaded. What the process holds in the last third of the time is what it held in
// the second one, and in the end every tenant is right.
func TestSoak(t *testing.T) {
	t.Logf("seed %d", *seed)
	rng := rand.New(rand.NewPCG(*seed, 0))
	s := set(t, rng)
	ctx, cancel := context.WithTimeout(t.Context(), *length)
	defer cancel()
	counted := make(chan [2]int, 1)
	go func() {
		answered, failed := s.pulls(ctx)
		counted <- [2]int{answered, failed}
	}()
	samples := s.live(ctx, rng)
	n := <-counted
	t.Logf("%d tenants, %s, %d pulls answered (%.1f a second), %d not", *tenants, *length, n[0], float64(n[0])/length.Seconds(), n[1])
	if n[1] > 0 || n[0] < int(0.9*length.Seconds()*float64(*rate)) {
		t.Error("pulls are missing")
	}
	for i, h := range held {
		third := len(samples) / 3
		before, after := median(samples[third:2*third], i), median(samples[2*third:], i)
		t.Logf("%s: median of the second third %.0f, of the last %.0f (%+.1f %%)", h.series, before, after, 100*(after/before-1))
		if after > before*h.share && after > before+h.noise {
			t.Errorf("%s grows", h.series)
		}
	}
	s.settle()
}

// live has things happen every second, and takes a sample every ten, until ctx ends.
func (s *stage) live(ctx context.Context, rng *rand.Rand) (samples [][]float64) {
	ticks := time.NewTicker(time.Second)
	defer ticks.Stop()
	for second := 1; ; second++ {
		select {
		case <-ticks.C:
		case <-s.ended:
			s.Fatalf("the exporter has ended: %v", s.command.ProcessState)
		case <-ctx.Done():
			return samples
		}
		for range 5 {
			s.tenants[rng.IntN(len(s.tenants))].change(rng)
		}
		if one := s.tenants[rng.IntN(len(s.tenants))]; second%3 == 0 {
			one.sim.ClearFaults()
			if rng.IntN(2) == 0 {
				one.sim.Fault(faults[rng.IntN(len(faults))])
				one.sim.RevokeTokens()
			}
		}
		if second%30 == 0 {
			s.tenants[rng.IntN(len(s.tenants))].rate = 1000 + rng.IntN(1000)
			s.configure()
			s.reload()
		}
		if second%10 == 0 {
			samples = append(samples, s.sample(ctx))
		}
	}
}

func (s *stage) sample(ctx context.Context) []float64 {
	page, err := s.get(context.WithoutCancel(ctx), "/metrics")
	if err != nil {
		s.Error(err)
	}
	var all []float64
	for _, h := range held {
		all = append(all, value(page, h.series))
	}
	if len(all) > 0 && time.Now().Second() < 10 {
		s.Logf("%s: %.0f goroutines, %.0f descriptors, %.1f MB", time.Now().Format(time.TimeOnly), all[0], all[1], all[2]/1e6)
	}
	return all
}

// change has one of a tenant's incidents resolved and another one come, so that there are a hundred.
func (t *tenant) change(rng *rand.Rand) {
	i := rng.IntN(len(t.open))
	t.sim.Change(t.open[i], graphsim.Dated, func(in *graphsim.Incident) { in.Status = "resolved" })
	t.open[i] = t.sim.Add(graphsim.Incident{Severity: "low", Score: new(rng.IntN(100))})
}

// faults are some of those that e2e/faults plays one by one.
var faults = []graphsim.Fault{
	{Kind: graphsim.FaultDisconnect},
	{Kind: graphsim.FaultHang},
	{Kind: graphsim.FaultTruncated, Probability: 0.5},
	{Kind: graphsim.FaultGarbage},
	{Kind: graphsim.FaultHTML, Probability: 0.5},
	{Kind: graphsim.FaultOversized, Size: 9 << 20, Probability: 0.2},
	{Kind: graphsim.FaultDrip},
	{Kind: graphsim.FaultNextLinkForever, Match: graphsim.ListOperation, Probability: 0.5},
	{Kind: graphsim.FaultPartial, Match: graphsim.ListOperation},
	{Status: 429, RetryAfter: 5 * time.Second},
	{Status: 500, Probability: 0.5},
	{Status: 503},
	{Status: 403, Match: graphsim.ListOperation},
	{AADSTS: 7000222, Match: graphsim.TokenOperation},
}

// settle ends all faults, and waits until every tenant shows what there is.
func (s *stage) settle() {
	for _, t := range s.tenants {
		t.sim.ClearFaults()
		t.rate = 3000 // a new client, which a wrong secret of before keeps from nothing
	}
	s.configure()
	s.reload()
	deadline := time.Now().Add(3 * time.Minute)
	for _, t := range s.tenants {
		for {
			page, err := s.get(context.Background(), "/probe?target="+t.name)
			open := 0.0
			for _, m := range regexp.MustCompile(`(?m)^msgraph_security_open_incidents\{.*\} (\S+)$`).FindAllStringSubmatch(page, -1) {
				v, _ := strconv.ParseFloat(m[1], 64)
				open += v
			}
			if err == nil && value(page, "msgraph_security_up") == 1 && open == 100 {
				break
			}
			if time.Now().After(deadline) {
				s.Fatalf("%s: %v, %v open incidents, want 100", t.name, err, fmt.Sprint(open))
			}
			time.Sleep(200 * time.Millisecond)
		}
	}
}

func median(samples [][]float64, i int) float64 {
	var all []float64
	for _, s := range samples {
		all = append(all, s[i])
	}
	slices.Sort(all)
	if len(all) == 0 {
		return 0
	}
	return all[len(all)/2]
}
