package e2e

import (
	contexts "context" // the folder of an image has that name here
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"msgraph_security_exporter/graphclient/graphsim"
)

// A browser is a tab of a real one, whose complaints fail the test.
type browser struct{ contexts.Context } //nolint:containedctx // chromedp has its tabs in contexts

// browse opens a page in Chromium.
func browse(t *testing.T, url string) browser {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath("chromium"), chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-component-update", true), chromedp.WSURLReadTimeout(patience))
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox)
	}
	limited, cancel := contexts.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	allocator, end := chromedp.NewExecAllocator(limited, options...)
	t.Cleanup(end)
	tab, closeTab := chromedp.NewContext(allocator)
	t.Cleanup(closeTab)
	var mu sync.Mutex
	var complaints []string
	chromedp.ListenTarget(tab, func(event any) {
		mu.Lock()
		defer mu.Unlock()
		switch e := event.(type) {
		case *runtime.EventExceptionThrown:
			complaints = append(complaints, e.ExceptionDetails.Error())
		case *log.EventEntryAdded:
			if !strings.HasSuffix(e.Entry.URL, "/favicon.ico") {
				complaints = append(complaints, e.Entry.Text+" "+e.Entry.URL)
			}
		}
	})
	t.Cleanup(func() {
		mu.Lock()
		defer mu.Unlock()
		if len(complaints) > 0 {
			t.Errorf("the browser complains:\n%s", strings.Join(complaints, "\n"))
		}
	})
	b := browser{tab}
	b.do(t, chromedp.Navigate(url))
	return b
}

func (b browser) do(t *testing.T, actions ...chromedp.Action) {
	t.Helper()
	if err := chromedp.Run(b, actions...); err != nil {
		t.Fatal(err)
	}
}

// evaluate returns what an expression of JavaScript is.
func evaluate[T any](t *testing.T, b browser, expression string) (value T) {
	t.Helper()
	b.do(t, chromedp.Evaluate(expression, &value))
	return value
}

// text returns the text of a part of the page.
func (b browser) text(t *testing.T, id string) string {
	t.Helper()
	return evaluate[string](t, b, `document.getElementById("`+id+`").innerText`)
}

// awaitText waits until a part of the page has some text.
func (b browser) awaitText(t *testing.T, id, want string) {
	t.Helper()
	await(t, "the page", func() error {
		if got := b.text(t, id); !strings.Contains(got, want) {
			return fmt.Errorf("%s is %q, want %q in it", id, got, want)
		}
		return nil
	})
}

// TestStatusPageMoves watches the page of the demo: it moves without being loaded again, and keeps
// what is focused.
func TestStatusPageMoves(t *testing.T) {
	t.Parallel()
	demo := start(t, exporter, "--demo", "--web.listen-address=127.0.0.1:0", "--collector.incident-info=5")
	address := "http://" + demo.address(t) + "/"
	b := browse(t, address)
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
	b.checkLooks(t)
}

// checkLooks looks at the page on a phone and on a wall, light and dark: nothing sticks out, and every
// text stands off its background.
func (b browser) checkLooks(t *testing.T) {
	t.Helper()
	for _, scheme := range []string{"light", "dark"} {
		for _, width := range []int64{390, 1920} {
			b.do(t, emulation.SetDeviceMetricsOverride(width, 1080, 1, false),
				emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}))
			if got := evaluate[int64](t, b, `document.documentElement.scrollWidth`); got > width {
				t.Errorf("%s: the page is %d pixels wide, want %d", scheme, got, width)
			}
			if faint := evaluate[[]string](t, b, contrast); len(faint) > 0 {
				t.Errorf("%s, %d pixels: too faint: %q", scheme, width, faint)
			}
			b.picture(t, fmt.Sprintf("%s-%d.png", scheme, width))
		}
	}
}

// picture keeps a picture of the page if somebody wants to look at it, with make pictures.
func (b browser) picture(t *testing.T, name string) {
	t.Helper()
	dir := os.Getenv("PICTURES")
	if dir == "" {
		return
	}
	var png []byte
	b.do(t, chromedp.FullScreenshot(&png, 100))
	if err := os.WriteFile(filepath.Join(dir, name), png, 0o644); err != nil {
		t.Error(err)
	}
}

// contrast returns the texts of a page that stand off their background by less than 4.5 to 1.
const contrast = `(() => {
  const parse = (c) => c.match(/[\d.]+/g).map(Number);
  const light = (c) => c.slice(0, 3).map((v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (e) => {
    for (; e; e = e.parentElement) {
      const c = parse(getComputedStyle(e).backgroundColor);
      if (c.length === 3 || c[3] > 0) return c;
    }
    return [255, 255, 255];
  };
  const faint = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let n; (n = walk.nextNode());) {
    const e = n.parentElement;
    if (!n.data.trim() || !e.getClientRects().length) continue;
    const style = getComputedStyle(e);
    const [a, b] = [light(parse(e.closest("svg") ? style.fill : style.color)), light(behind(e))].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) faint.push(n.data.trim());
  }
  return faint;
})()`

// TestStatusPageSaysWhy shows a blind exporter: its page says why, shows no number, and recovers by
// itself.
func TestStatusPageSaysWhy(t *testing.T) {
	t.Parallel()
	sim := tenant(graphsim.Config{})
	populate(sim)
	sim.Fault(graphsim.Fault{Match: graphsim.ListOperation, Status: 403, Text: "No."})
	s := play(t, sim)
	b := browse(t, "http://"+s.address+"/")
	b.awaitText(t, "state", "Grant the permission and the consent in Entra.")
	if got := b.text(t, "open"); !strings.Contains(got, "Not known.") || strings.ContainsAny(got, "0123456789") {
		t.Errorf("got %q, want no number", got)
	}
	b.checkLooks(t)
}

// TestStatusPageByKeyboard reaches the filter and a link of many tenants with nothing but keys.
func TestStatusPageByKeyboard(t *testing.T) {
	t.Parallel()
	config := filepath.Join(t.TempDir(), "config.yml")
	var text strings.Builder
	text.WriteString("tenants:\n")
	for _, name := range []string{"alpha", "beta", "gamma"} {
		fmt.Fprintf(&text, "  - {name: %s, tenant_id: %s, client_id: %s, endpoint: \"http://127.0.0.1:1\", authority: \"http://127.0.0.1:1\", auth: {client_secret_file: none}}\n", name, tenantID, clientID)
	}
	if err := os.WriteFile(config, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	e := start(t, exporter, "--config.file="+config, "--web.listen-address=127.0.0.1:0")
	b := browse(t, "http://"+e.address(t)+"/")
	b.do(t, chromedp.KeyEvent(kb.Tab), chromedp.KeyEvent("gamma"))
	shown := evaluate[[]string](t, b, `[...document.querySelectorAll("#tenants tbody tr:not([hidden]) a")].map((a) => a.innerText)`)
	if len(shown) != 1 || shown[0] != "gamma" {
		t.Fatalf("got the tenants %q, want gamma alone", shown)
	}
	b.awaitText(t, "tenants", "No numbers")
	b.do(t, chromedp.KeyEvent(kb.Tab), chromedp.KeyEvent(kb.Tab), chromedp.KeyEvent(kb.Enter), chromedp.WaitVisible("#open"))
	if got := evaluate[string](t, b, `location.pathname`); got != "/tenants/gamma" {
		t.Errorf("got to %s", got)
	}
}
