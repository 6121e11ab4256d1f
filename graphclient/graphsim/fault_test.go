package graphsim_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"msgraph_security_exporter/graphclient/graphsim"
)

// What is sent in place of an answer: its status and what marks its body.
func TestFaultStatus(t *testing.T) {
	for name, test := range map[string]struct {
		fault  graphsim.Fault
		status int
		holds  string
	}{
		"default":      {graphsim.Fault{}, 500, `"innerError":{`},
		"code":         {graphsim.Fault{Status: 403, Code: "Forbidden", Text: "No licence."}, 403, `"code":"Forbidden"`},
		"empty":        {graphsim.Fault{Status: 503, Body: graphsim.BodyEmpty}, 503, ""},
		"text":         {graphsim.Fault{Status: 429, Body: graphsim.BodyText, Text: "Too Many Requests"}, 429, "Too Many Requests"},
		"HTML":         {graphsim.Fault{Status: 502, Body: graphsim.BodyHTML}, 502, "<html>"},
		"JSON":         {graphsim.Fault{Status: 200, Body: graphsim.BodyJSON, Text: `{"value":{}}`}, 200, `{"value":{}}`},
		"sign-in":      {graphsim.Fault{AADSTS: 7000222}, 401, "AADSTS7000222: "},
		"unknown":      {graphsim.Fault{AADSTS: 1, Status: 418}, 418, "AADSTS1: "},
		"HTML for OK":  {graphsim.Fault{Kind: graphsim.FaultHTML}, 200, "<html>"},
		"broken JSON":  {graphsim.Fault{Kind: graphsim.FaultGarbage}, 200, `{"value":[`},
		"nothing":      {graphsim.Fault{Kind: graphsim.FaultEmptyOK}, 200, ""},
		"redirect":     {graphsim.Fault{Kind: graphsim.FaultRedirect, Location: "https://evil.test/"}, 302, ""},
		"redirect 307": {graphsim.Fault{Kind: graphsim.FaultRedirect, Location: "https://evil.test/", Status: 307}, 307, ""},
	} {
		sim, _ := tenant(graphsim.Config{}, 1)
		c := newCaller(t, sim)
		sim.Fault(test.fault)
		resp, err := sim.RoundTrip(c.request(root + "/v1.0/security/incidents"))
		if err != nil {
			t.Fatal(err)
		}
		text := read(t, resp)
		if resp.StatusCode != test.status || !strings.Contains(text, test.holds) || test.holds == "" && text != "" {
			t.Errorf("%s: got %d %s", name, resp.StatusCode, text)
		}
		if resp.Header.Get("Location") != test.fault.Location || resp.Header.Get("Date") == "" {
			t.Errorf("%s: got %v", name, resp.Header)
		}
		if log := sim.Requests(); log[1].Status != test.status {
			t.Errorf("%s: got logged %d", name, log[1].Status)
		}
	}
}

func TestFaultHeaders(t *testing.T) {
	sim, _ := tenant(graphsim.Config{}, 1)
	c := newCaller(t, sim)
	for _, test := range []struct {
		fault graphsim.Fault
		want  string
	}{
		{graphsim.Fault{RetryAfter: 90 * time.Second}, "90"},
		{graphsim.Fault{RetryAfter: 90 * time.Second, RetryAfterDate: true}, "Mon, 02 Mar 2026 08:01:30 GMT"},
		{graphsim.Fault{Header: http.Header{"retry-after": {"soon"}}}, "soon"},
		{graphsim.Fault{}, ""},
	} {
		sim.ClearFaults()
		sim.Fault(test.fault)
		if got := c.list().header.Get("Retry-After"); got != test.want {
			t.Errorf("%+v: got %q", test.fault, got)
		}
	}
}

// Which requests a fault concerns, and how many of them.
func TestFaultMatching(t *testing.T) {
	for name, test := range map[string]struct {
		faults []graphsim.Fault
		want   string // of list, get, list, get, list, token: faulty or not
	}{
		"all":         {[]graphsim.Fault{{}}, "FFFFFF"},
		"lists":       {[]graphsim.Fault{{Match: graphsim.ListOperation}}, "F.F.F."},
		"one get":     {[]graphsim.Fault{{Match: graphsim.GetOperation, Times: 1}}, ".F...."},
		"token":       {[]graphsim.Fault{{Match: graphsim.TokenOperation}}, ".....F"},
		"second list": {[]graphsim.Fault{{Match: graphsim.ListOperation, Skip: 1, Times: 1}}, "..F..."},
		"two in turn": {[]graphsim.Fault{{Times: 1}, {Match: graphsim.ListOperation, Times: 1}}, "F.F..."},
		"where":       {[]graphsim.Fault{{Where: func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/1") }}}, ".F.F.."},
		"never":       {[]graphsim.Fault{{Probability: 1e-18}}, "......"},
	} {
		sim, _ := tenant(graphsim.Config{}, 1)
		c := newCaller(t, sim)
		for _, f := range test.faults {
			sim.Fault(f)
		}
		var got strings.Builder
		for range 2 {
			got.WriteString(setHeaders(c.list().status) + setHeaders(c.get(root+"/v1.0/security/incidents/1").status))
		}
		got.WriteString(setHeaders(c.list().status) + setHeaders(c.signIn(form()).StatusCode))
		if got.String() != test.want {
			t.Errorf("%s: got %s, want %s", name, got.String(), test.want)
		}
		if sim.ClearFaults(); c.list().status != 200 {
			t.Errorf("%s: still faulty", name)
		}
	}
}

func setHeaders(status int) string {
	if status == http.StatusOK {
		return "."
	}
	return "F"
}

func TestFaultProbability(t *testing.T) {
	sim, _ := tenant(graphsim.Config{}, 1)
	c := newCaller(t, sim)
	sim.Fault(graphsim.Fault{Probability: 0.3})
	faulty := 0
	for range 1000 {
		if c.list().status != 200 {
			faulty++
		}
	}
	if faulty < 250 || faulty > 350 {
		t.Errorf("got %d of 1000 faulty, want about 300", faulty)
	}
}

// Answers that lack rows are of status 206 with a warning, or, worse, look complete.
func TestFaultsOfPages(t *testing.T) {
	list := func(f graphsim.Fault) listing {
		sim, _ := tenant(graphsim.Config{}, 60)
		c := newCaller(t, sim)
		sim.Fault(f)
		return c.list("$top", "50")
	}
	partial := list(graphsim.Fault{Kind: graphsim.FaultPartial})
	if partial.status != http.StatusPartialContent || !strings.HasPrefix(partial.header.Get("Warning"), `199 - "`) || len(partial.rows) > 40 || len(partial.rows) < 10 {
		t.Errorf("partial: got %d, %d rows, %v", partial.status, len(partial.rows), partial.header)
	}
	missing := list(graphsim.Fault{Kind: graphsim.FaultMissingRows, Share: 0.5})
	if diff := cmp.Diff(ids(missing), ids(partial)); missing.status != http.StatusOK || diff != "" {
		t.Errorf("missing: got %d, -got +want\n%s", missing.status, diff)
	}
	if l := list(graphsim.Fault{Kind: graphsim.FaultMissingRows, Share: 0.99}); len(l.rows) > 5 || l.nextLink == "" {
		t.Errorf("missing nearly all: got %d rows, nextLink %q", len(l.rows), l.nextLink)
	}
	if l := list(graphsim.Fault{Kind: graphsim.FaultNoRows}); l.status != 200 || len(l.rows) != 0 || l.nextLink != "" || !strings.Contains(l.text, `"value":[]`) {
		t.Errorf("no rows: got %d %s", l.status, l.text)
	}
	if l := list(graphsim.Fault{Kind: graphsim.FaultNextLinkElsewhere, Location: "https://evil.test/x"}); len(l.rows) != 50 || l.nextLink != "https://evil.test/x" {
		t.Errorf("elsewhere: got %d rows, nextLink %q", len(l.rows), l.nextLink)
	}
	if l := list(graphsim.Fault{Kind: graphsim.FaultNextLinkLoop}); l.nextLink != root+"/v1.0/security/incidents?%24top=50" {
		t.Errorf("loop: got nextLink %q", l.nextLink)
	}
}

func TestFaultNextLinkForever(t *testing.T) {
	sim, _ := tenant(graphsim.Config{}, 3)
	c := newCaller(t, sim)
	sim.Fault(graphsim.Fault{Kind: graphsim.FaultNextLinkForever})
	seen := map[string]bool{}
	for l := c.list(); len(seen) < 300; l = c.get(l.nextLink) {
		if l.status != 200 || l.nextLink == "" || seen[l.nextLink] {
			t.Fatalf("got %d, nextLink %q", l.status, l.nextLink)
		}
		seen[l.nextLink] = true
	}
}

// A body that breaks off, drips or does not end is the caller's to notice.
func TestFaultsOfBodies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := graphsim.New(graphsim.Config{})
		sim.Add(graphsim.Incident{})
		c := newCaller(t, sim)
		get := func(ctx context.Context, f graphsim.Fault) (int, error) {
			f.Times = 1
			sim.Fault(f)
			resp, err := sim.RoundTrip(c.request(root + "/v1.0/security/incidents").WithContext(ctx))
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(resp.Body)
			return len(body), err
		}
		whole := len(c.list().text)
		if n, err := get(t.Context(), graphsim.Fault{Kind: graphsim.FaultTruncated}); n != whole/2 || !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("truncated: got %d bytes of %d, %v", n, whole, err)
		}
		if n, err := get(t.Context(), graphsim.Fault{Kind: graphsim.FaultOversized, Size: 1 << 20}); n != 1<<20 || err != nil {
			t.Errorf("oversized: got %d bytes, %v", n, err)
		}
		start := time.Now()
		if n, err := get(t.Context(), graphsim.Fault{Kind: graphsim.FaultDrip}); n != whole || err != nil || time.Since(start) != time.Duration(n)*time.Second {
			t.Errorf("drip: got %d bytes after %s, %v", n, time.Since(start), err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 31*time.Second)
		defer cancel()
		if n, err := get(ctx, graphsim.Fault{Kind: graphsim.FaultDrip, Each: 2 * time.Second}); n != 15 || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("drip until the deadline: got %d bytes, %v", n, err)
		}
	})
}

// No answer at all: a hang ends with the context only, other failures at once.
func TestFaultsOfConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := graphsim.New(graphsim.Config{Latency: time.Second})
		c := &caller{t: t, sim: sim}
		fail := func(f graphsim.Fault) (time.Duration, error) {
			sim.ClearFaults()
			sim.Fault(f)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			start := time.Now()
			_, err := sim.RoundTrip(c.request(root + "/v1.0/security/incidents").WithContext(ctx))
			return time.Since(start), err
		}
		if d, err := fail(graphsim.Fault{Kind: graphsim.FaultHang}); d != time.Minute || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("hang: got %v after %s", err, d)
		}
		if d, err := fail(graphsim.Fault{Kind: graphsim.FaultDisconnect}); d != time.Second || !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("disconnect: got %v after %s", err, d)
		}
		if d, err := fail(graphsim.Fault{Kind: graphsim.FaultUnreachable}); d != time.Second || !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("unreachable: got %v after %s", err, d)
		}
		for _, e := range sim.Requests() {
			if e.Status != 0 {
				t.Errorf("got logged %d for no answer", e.Status)
			}
		}
	})
}
