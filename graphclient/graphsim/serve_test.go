package graphsim_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"msgraph_security_exporter/graphclient/graphsim"
)

// Behind a listener the service is the same as in place of a transport: the real client of
// net/http gets its tokens, its compressed pages and its faults.
func TestServeHTTP(t *testing.T) {
	sim, _ := tenant(graphsim.Config{}, 60)
	server := httptest.NewServer(sim)
	defer server.Close()
	client := server.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := client.PostForm(server.URL+"/tenant/oauth2/v2.0/token", form())
	if err != nil {
		t.Fatal(err)
	}
	var token struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.Unmarshal([]byte(read(t, resp)), &token); err != nil {
		t.Fatal(err)
	}
	get := func() (int, http.Header, string, error) {
		r, _ := http.NewRequestWithContext(t.Context(), "GET", server.URL+"/v1.0/security/incidents", nil)
		r.Header.Set("Authorization", "Bearer "+token.AccessToken)
		resp, err := client.Do(r)
		if err != nil {
			return 0, nil, "", err
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		return resp.StatusCode, resp.Header, string(body), err
	}
	status, header, text, err := get()
	if err != nil || status != 200 || header.Get("Date") != "Mon, 02 Mar 2026 08:00:00 GMT" || !strings.Contains(text, `"@odata.nextLink":"`+server.URL+"/v1.0/") {
		t.Errorf("got %d, %v, %v, %.300s", status, err, header, text)
	}
	if log := sim.Requests(); log[1].Encoding != "gzip" {
		t.Errorf("got Accept-Encoding %q", log[1].Encoding)
	}
	for name, test := range map[string]struct {
		fault  graphsim.Fault
		status int
		fails  bool
	}{
		"status":     {graphsim.Fault{Status: 503}, 503, false},
		"empty":      {graphsim.Fault{Status: 500, Body: graphsim.BodyEmpty}, 500, false},
		"truncated":  {graphsim.Fault{Kind: graphsim.FaultTruncated}, 200, true},
		"disconnect": {graphsim.Fault{Kind: graphsim.FaultDisconnect}, 0, true},
		"oversized":  {graphsim.Fault{Kind: graphsim.FaultOversized, Size: 1 << 20}, 200, false},
		"redirect":   {graphsim.Fault{Kind: graphsim.FaultRedirect, Location: "/elsewhere"}, 302, false},
		"drip":       {graphsim.Fault{Kind: graphsim.FaultDrip, Each: time.Microsecond}, 200, false},
	} {
		sim.ClearFaults()
		sim.Fault(test.fault)
		if status, _, _, err := get(); status != test.status || (err != nil) != test.fails {
			t.Errorf("%s: got %d, %v", name, status, err)
		}
	}
}

func TestServeHTTPWithoutDate(t *testing.T) {
	sim, _ := tenant(graphsim.Config{OmitDate: true}, 0)
	server := httptest.NewServer(sim)
	defer server.Close()
	resp, err := server.Client().Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if date := resp.Header.Get("Date"); date != "" || resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("got %d, Date %q", resp.StatusCode, date)
	}
}

// A client that gives up ends the hang.
func TestServeHTTPHangs(t *testing.T) {
	sim, _ := tenant(graphsim.Config{}, 0)
	server := httptest.NewServer(sim)
	defer server.Close()
	hung := make(chan struct{})
	sim.Fault(graphsim.Fault{Kind: graphsim.FaultHang, Where: func(*http.Request) bool { close(hung); return true }})
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-hung; cancel() }()
	r, _ := http.NewRequestWithContext(ctx, "GET", server.URL, nil)
	if _, err := server.Client().Do(r); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// An answer takes its latency, on the clock that tests fake, and is dated when it leaves,
// while its rows may have been read any time before.
func TestLatency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := graphsim.New(graphsim.Config{Latency: 4 * time.Second, Jitter: 6 * time.Second})
		c := newCaller(t, sim)
		early, late := false, false
		for range 30 {
			start := time.Now()
			l := c.list()
			took, read := time.Since(start), sim.Requests()[len(sim.Requests())-1].At.Sub(start)
			if took < 4*time.Second || took >= 10*time.Second || read < 0 || read > took {
				t.Errorf("got an answer after %s, read at %s", took, read)
			}
			date, err := http.ParseTime(l.header.Get("Date"))
			if err != nil || !date.Equal(time.Now().Truncate(time.Second)) {
				t.Errorf("got Date %s at %s, %v", date, time.Now(), err)
			}
			early, late = early || read < took/3, late || read > took*2/3
		}
		if !early || !late {
			t.Errorf("got rows read early %t, late %t", early, late)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := sim.RoundTrip(c.request(root).WithContext(ctx)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
}

// Each answer's Date comes from the clock of some node.
func TestDates(t *testing.T) {
	sim, _ := tenant(graphsim.Config{NodeSkews: []time.Duration{0, -time.Minute, time.Minute}}, 0)
	c := newCaller(t, sim)
	dates := map[string]bool{}
	for range 50 {
		dates[c.list().header.Get("Date")] = true
	}
	if len(dates) != 3 || !dates["Mon, 02 Mar 2026 08:01:00 GMT"] {
		t.Errorf("got %v", dates)
	}
}

// Two simulators of one seed, asked the same, answer the same; of another seed they do not.
func TestDeterminism(t *testing.T) {
	play := func(seed uint64) string {
		at := &clock{epoch}
		sim := graphsim.New(graphsim.Config{Seed: seed, Now: at.now, PageSize: 9, Order: graphsim.Unstable, EmptyPages: 0.2,
			RepeatIDs: 0.2, NodeSkews: []time.Duration{0, time.Second, -time.Second}})
		story := graphsim.NewStory(sim, seed)
		c := newCaller(t, sim)
		sim.Fault(graphsim.Fault{Probability: 0.2})
		var b strings.Builder
		for range 200 {
			at.advance(7 * time.Second)
			story.Step(at.Time)
			l := c.list("$count", "true")
			b.WriteString(l.text + l.header.Get("Date") + l.header.Get("Request-Id"))
		}
		return b.String()
	}
	one := play(1)
	if one != play(1) {
		t.Error("got different answers from one seed")
	}
	if one == play(2) {
		t.Error("got equal answers from two seeds")
	}
}

// Everything may be called at once; the race detector watches.
func TestConcurrency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := graphsim.New(graphsim.Config{Latency: time.Millisecond, History: true})
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
		defer cancel()
		story, c := graphsim.NewStory(sim, 1), newCaller(t, sim)
		var group sync.WaitGroup
		group.Go(func() { story.Run(ctx) })
		for range 4 {
			group.Go(func() {
				for ctx.Err() == nil {
					sim.RoundTrip(c.request(root + "/v1.0/security/incidents?$count=true"))
					time.Sleep(10 * time.Second)
				}
			})
		}
		for ctx.Err() == nil {
			time.Sleep(3 * time.Second)
			for _, in := range sim.Truth()[:5] {
				sim.Change(in.ID, graphsim.Undated, func(in *graphsim.Incident) { in.Score = new(50) })
			}
			sim.Visible()
			sim.Bounds(time.Now().Add(-time.Second), time.Now(), graphsim.Slack{}, func(in graphsim.Incident) string { return in.Severity })
			sim.Requests()
		}
		group.Wait()
	})
}
