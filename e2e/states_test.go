package e2e

import (
	"errors"
	"flag"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"msgraph_security_exporter/graphclient/graphsim"
)

// advice returns what docs/operations.md says to do about each reason.
func advice(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile("../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	told := map[string]string{}
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| .* \\| (.*) \\|$").FindAllStringSubmatch(string(text), -1) {
		told[m[1]] = strings.NewReplacer("`", "", "*", "").Replace(m[2])
	}
	return told
}

var lasts = regexp.MustCompile(`For \d+ s, since \d\d:\d\d:\d\d UTC\.`)

// checkReason holds the state of a page to a reason: what it is, since when, and what to do.
func (b *browser) checkReason(t *testing.T, reason string) {
	t.Helper()
	told := advice(t)[reason]
	for line := range strings.SplitSeq(b.text(t, "state"), "\n\n") {
		if strings.HasPrefix(line, reason+": ") && lasts.MatchString(line) && told != "" && strings.Contains(line, "What to do: "+told) {
			return
		}
	}
	t.Errorf("no %s, since when and %q in %q", reason, told, b.text(t, "state"))
}

// checkNoNumbers looks for numbers where there are none: not even a zero is in their place.
func (b *browser) checkNoNumbers(t *testing.T) {
	t.Helper()
	for id, want := range map[string]string{"open": "Open incidents\n\nNot known.", "objectives": "Objectives\n\nNot known.", "pressing": ""} {
		if got := b.text(t, id); got != want {
			t.Errorf("%s is %q, want %q", id, got, want)
		}
	}
	if title := evaluate[string](t, b, `document.title`); strings.Contains(title, "open ·") {
		t.Errorf("the title is %q", title)
	}
}

// checkNever looks for numbers where there never have been any.
func (b *browser) checkNever(t *testing.T) {
	t.Helper()
	b.checkNoNumbers(t)
	if got := b.text(t, "hour"); got != "The last hour\n\nNo numbers in the last hour." {
		t.Errorf("the last hour is %q", got)
	}
}

// TestStatusPageReasons plays each reason that can be played at once from the start on: the page says it
// and has no number.
func TestStatusPageReasons(t *testing.T) {
	t.Parallel()
	b := browse(t)
	list := graphsim.ListOperation
	for _, scene := range []struct {
		reason string
		graphsim.Fault
	}{
		{"throttled", graphsim.Fault{Match: list, Status: 429, RetryAfter: 2 * time.Second}},
		{"unauthorized", graphsim.Fault{Match: list, Status: 401}},
		{"forbidden", graphsim.Fault{Match: list, Status: 403, Code: "Forbidden", Text: "No."}},
		{"bad_request", graphsim.Fault{Match: list, Status: 400}},
		{"unreachable", graphsim.Fault{Match: list, Kind: graphsim.FaultDisconnect}},
		{"server_error", graphsim.Fault{Match: list, Status: 503, Body: graphsim.BodyText}},
		{"incomplete", graphsim.Fault{Match: list, Kind: graphsim.FaultPartial}},
		{"malformed", graphsim.Fault{Match: list, Kind: graphsim.FaultHTML}},
		{"credential", graphsim.Fault{Match: graphsim.TokenOperation, AADSTS: 7000215}},
	} {
		t.Run(scene.reason, func(t *testing.T) {
			sim := tenant(graphsim.Config{})
			populate(sim)
			sim.Fault(scene.Fault)
			s := expose(t, sim)
			b.open(t, "http://"+s.address+"/")
			b.awaitText(t, "state", "No numbers\n\nWhat is not known is not shown.", scene.reason+":")
			b.checkReason(t, scene.reason)
			b.checkReason(t, "synchronising")
			b.checkNever(t)
			if title := evaluate[string](t, b, `document.title`); title != "No numbers · Open security incidents" {
				t.Errorf("the title is %q", title)
			}
			b.checkLooks(t, scene.reason)
			sim.ClearFaults()
			b.awaitText(t, "state", "Current as of")
			b.open(t, "about:blank") // before the exporter ends
		})
	}
}

// TestStatusPageStarts watches the first synchronisation, which stands still in the middle, and its end.
func TestStatusPageStarts(t *testing.T) {
	t.Parallel()
	sim := tenant(graphsim.Config{})
	populate(sim)
	sim.Fault(graphsim.Fault{Match: graphsim.ListOperation, Skip: 12, Kind: graphsim.FaultHang})
	s := expose(t, sim)
	b := browse(t)
	b.open(t, "http://"+s.address+"/")
	share := regexp.MustCompile(`^First synchronisation: ([1-9]\d?) %\n`)
	await(t, "a share of the first synchronisation", func() error {
		if got := b.text(t, "state"); !share.MatchString(got) {
			return errors.New("the state is " + got)
		}
		return nil
	})
	b.checkReason(t, "synchronising")
	b.checkNever(t)
	want := share.FindStringSubmatch(b.text(t, "state"))[1]
	if got := evaluate[string](t, b, `document.querySelector("progress").getAttribute("value")`); got != want {
		t.Errorf("the bar is at %s, and the words say %s", got, want)
	}
	b.checkLooks(t, "starting")
	s.stopHanging()
	b.awaitText(t, "state", "Current as of")
}

// TestStatusPageGrowsOld has numbers grow old in both ways, with Graph refusing and with Graph saying
// nothing at all, until they are too old to be shown, and a browser that the exporter has left alone.
func TestStatusPageGrowsOld(t *testing.T) {
	t.Parallel()
	sim := tenant(graphsim.Config{})
	populate(sim)
	s := expose(t, sim, "--collector.max-age=60s")
	b := browse(t)
	b.open(t, "http://"+s.address+"/")
	b.awaitText(t, "state", "Current as of")
	open := b.text(t, "open")
	b.checkLooks(t, "current")

	sim.Fault(graphsim.Fault{Match: graphsim.ListOperation, Status: 403, Code: "Forbidden"})
	b.awaitText(t, "state", "Old numbers, as of", "forbidden:")
	b.checkReason(t, "forbidden")
	if got := b.text(t, "open"); firstLines(got) != firstLines(open) {
		t.Errorf("the last numbers were %q, and are %q", open, got)
	}
	b.checkLooks(t, "old")
	b.awaitText(t, "state", "No numbers\n\nThe last numbers are", "too old to be shown")
	b.checkReason(t, "forbidden")
	b.checkNoNumbers(t)
	b.checkLooks(t, "too-old")

	sim.ClearFaults()
	b.awaitText(t, "state", "Current as of")
	s.graph.Lock()
	unlock := sync.OnceFunc(s.graph.Unlock)
	t.Cleanup(unlock) // or a failure would wait for its answers for ever
	b.awaitText(t, "state", "Current as of", "behind:")
	b.checkReason(t, "behind")
	if got := b.text(t, "open"); firstLines(got) != firstLines(open) {
		t.Errorf("the last numbers were %q, and are %q", open, got)
	}
	b.checkLooks(t, "behind")
	b.awaitText(t, "state", "No numbers\n\nThe last numbers are", "timeout:")
	b.checkReason(t, "timeout")
	b.checkNoNumbers(t)
	b.checkLooks(t, "timeout")
	unlock()
	b.awaitText(t, "state", "Current as of")

	s.exporter.stop(t)
	b.awaitText(t, "lost", "The exporter does not answer\n\nWhat is below is what it said at ")
	if got := b.text(t, "state"); got != "" {
		t.Errorf("the page says still: %q", got)
	}
	b.checkLooks(t, "lost")
	b.checkComplaints(t, "net::ERR_CONNECTION_REFUSED")
}

// firstLines returns the lines of a text that no age is in.
func firstLines(text string) string {
	var kept []string
	for line := range strings.Lines(text) {
		if !regexp.MustCompile(`\d (s|min|h|d)\b`).MatchString(line) {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "")
}

var pictureOf = flag.String("picture.of", "", "the address of a demo that has run for an hour, for README's picture")

// TestStatusPagePicture takes README's picture, with make pictures: status-page.png.
func TestStatusPagePicture(t *testing.T) {
	if os.Getenv("PICTURES") == "" {
		return
	}
	address := *pictureOf
	if address == "" {
		address = "http://" + start(t, exporter, "--demo", "--web.listen-address=127.0.0.1:0", "--collector.incident-info=5").address(t) + "/"
	}
	b := browse(t)
	b.open(t, address)
	b.show(t, 1280, "light")
	b.awaitText(t, "state", "Current as of")
	b.picture(t, "status-page")
}

// TestStatusPageMoves watches the page of the demo: it moves without being loaded again, and keeps
// what is focused.
func TestStatusPageMoves(t *testing.T) {
	t.Parallel()
	demo := start(t, exporter, "--demo", "--web.listen-address=127.0.0.1:0", "--collector.incident-info=5")
	address := "http://" + demo.address(t) + "/"
	b := browse(t)
	b.open(t, address)
	b.awaitText(t, "state", "Current as of")
	b.do(t, chromedp.Evaluate(`window.marked = true; document.querySelector("#open [tabindex]").focus()`, nil))
	before := b.text(t, "hour")
	await(t, "movement", func() error {
		if b.text(t, "hour") == before {
			return errors.New("all is as before")
		}
		return nil
	})
	if !evaluate[bool](t, b, `window.marked === true && document.activeElement.getAttribute("aria-label") === "Open incidents by severity and priority"`) {
		t.Error("the page was loaded again, or what was focused is not any more")
	}
	if !strings.Contains(b.text(t, "pressing"), "Most pressing") || !strings.Contains(demo.log.String(), "Open "+address) {
		t.Error("there are no most pressing incidents, or the demo does not print its address")
	}
	if got := evaluate[string](t, b, `document.title + document.querySelector("h1").innerText + document.querySelector(".notice").innerText`); strings.Count(got, "(DEMO)") != 2 || !strings.Contains(got, "This is a demo.") {
		t.Errorf("the page does not say that it is a demo: %q", got)
	}
	b.checkLooks(t, "demo")
	for _, fault := range b.checkKeyboard(t) {
		t.Error(fault)
	}
}
