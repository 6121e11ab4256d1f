package graphclient

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"msgraph_security_exporter/graphclient/graphsim"
)

// TestAsk: a question is one GET with the options that it has and no other, a refusal is an answer with
// its header, and a nextLink is followed without what it has lost.
func TestAsk(t *testing.T) {
	bubble(t, func(t *testing.T) {
		sim := graphsim.New(graphsim.Config{NextLink: graphsim.SkipWithoutFilter, DeepSkip: 1000, RefuseDeepSkip: true})
		for range 60 {
			sim.Add(graphsim.Incident{})
		}
		client := connect(t, sim)
		reply, err := client.Ask(t.Context(), Question{Options: url.Values{"$top": {"51"}}})
		if ReasonOf(err) != ReasonBadRequest || reply.Status != 400 || reply.Body != nil || reply.Header.Get("Date") == "" || reply.Date.IsZero() {
			t.Errorf("got %v, %+v", err, reply)
		}
		reply, err = client.Ask(t.Context(), Question{Options: url.Values{"$filter": {"status eq 'active'"}}})
		if err != nil || reply.Status != 200 || !strings.Contains(string(reply.Body), "@odata.nextLink") {
			t.Errorf("got %v, %d %s", err, reply.Status, reply.Body)
		}
		link := "https://" + graphHost + "/v1.0/security/incidents?$skip=50"
		if reply, err = client.Ask(t.Context(), Question{Link: link}); err != nil || !strings.Contains(string(reply.Body), `"id"`) {
			t.Errorf("got %v, %s", err, reply.Body)
		}
		if reply, err = client.Ask(t.Context(), Question{ID: "1"}); ReasonOf(err) != ReasonNotFound || reply.Status != 404 {
			t.Errorf("got %v, %d", err, reply.Status)
		}
		var asked []string
		for _, r := range sim.Requests()[1:] {
			asked = append(asked, r.Method+" "+r.Path+"?"+encode(r.Query))
		}
		list := "GET /v1.0/security/incidents"
		want := []string{list + "?$top=51", list + "?$filter=status%20eq%20%27active%27", list + "?$skip=50", list + "/1?"}
		if fmt.Sprint(asked) != fmt.Sprint(want) {
			t.Errorf("asked %s, want %s", asked, want)
		}
	})
}

// TestAskKeepsItsBody: the body of a reply is as it was when others have been read.
func TestAskKeepsItsBody(t *testing.T) {
	turn := 0
	client := connect(t, graphOnly(func(r *http.Request) (*http.Response, error) {
		turn++
		return answer(r, http.StatusOK, fmt.Sprintf(`{"value":[],"turn":"%03d"}`, turn))
	}), unlimited)
	var bodies []string
	var replies []Reply
	for range 20 {
		reply, err := client.Ask(t.Context(), Question{})
		if err != nil {
			t.Fatal(err)
		}
		replies, bodies = append(replies, reply), append(bodies, string(reply.Body))
	}
	for i, reply := range replies {
		if string(reply.Body) != bodies[i] {
			t.Errorf("reply %d was %s and is %s", i, bodies[i], reply.Body)
		}
	}
}

// TestAskGoesNowhereElse: a link to another host is not followed.
func TestAskGoesNowhereElse(t *testing.T) {
	requests := 0
	client := connect(t, roundTrip(func(r *http.Request) (*http.Response, error) {
		requests++
		return answer(r, http.StatusOK, emptyBody)
	}))
	_, err := client.Ask(t.Context(), Question{Link: "https://evil.example/v1.0/security/incidents?$skip=50"})
	if ReasonOf(err) != ReasonMalformed || requests != 0 {
		t.Errorf("got %v after %d requests", err, requests)
	}
}

// TestAskIsNotRepeated: what fails is asked once, for the caller to tell.
func TestAskIsNotRepeated(t *testing.T) {
	bubble(t, func(t *testing.T) {
		sim := graphsim.New(graphsim.Config{})
		sim.Fault(graphsim.Fault{Match: graphsim.ListOperation, Status: 503})
		reply, err := connect(t, sim).Ask(t.Context(), Question{})
		if got := operations(sim)[graphsim.ListOperation]; ReasonOf(err) != ReasonServerError || reply.Status != 503 || reply.Requests != 1 || got != 1 {
			t.Errorf("got %v, %d, %d requests", err, reply.Status, got)
		}
	})
}

// TestAskHidesSecrets: headers come without the token and without the secret, and JSON that would cost
// too much does not come at all.
func TestAskHidesSecrets(t *testing.T) {
	client := connect(t, graphOnly(func(r *http.Request) (*http.Response, error) {
		body := emptyBody
		if r.URL.RawQuery != "" {
			body = strings.Repeat("[", 100)
		}
		return answer(r, http.StatusOK, body, "X-Echo: "+r.Header.Get("Authorization")+" "+planted, "X-"+planted[:8]+": "+planted)
	}))
	reply, err := client.Ask(t.Context(), Question{})
	if text := fmt.Sprint(reply.Header); err != nil || strings.Contains(text, planted) || strings.Contains(text, "the-token") || !strings.Contains(text, "X-Echo") {
		t.Errorf("got %v, %s", err, text)
	}
	reply, err = client.Ask(t.Context(), Question{Options: url.Values{"$top": {"1"}}})
	if ReasonOf(err) != ReasonMalformed || reply.Body != nil {
		t.Errorf("got %v, %.20s", err, reply.Body)
	}
}
