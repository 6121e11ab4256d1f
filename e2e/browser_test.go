package e2e

import (
	contexts "context" // the folder of an image has that name here
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// A browser is a tab of a real one, whose complaints fail the test.
type browser struct {
	contexts.Context //nolint:containedctx // chromedp has its tabs in contexts

	mu         sync.Mutex
	complaints []string
}

// browse opens Chromium.
func browse(t *testing.T) *browser {
	t.Helper()
	profile, err := os.MkdirTemp("", "chromium") //nolint:usetesting // Chromium's children write there for a moment after it has ended
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { await(t, "Chromium's children to end", func() error { return os.RemoveAll(profile) }) })
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath("chromium"), chromedp.UserDataDir(profile),
		chromedp.Flag("disable-component-update", true), chromedp.WSURLReadTimeout(patience),
		chromedp.Flag("enable-blink-features", "ComputedAccessibilityInfo"))
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox)
	}
	limited, cancel := contexts.WithTimeout(t.Context(), 4*patience)
	t.Cleanup(cancel)
	allocator, end := chromedp.NewExecAllocator(limited, options...)
	t.Cleanup(end)
	tab, closeTab := chromedp.NewContext(allocator)
	t.Cleanup(closeTab)
	b := &browser{Context: tab}
	chromedp.ListenTarget(tab, func(event any) {
		switch e := event.(type) {
		case *runtime.EventExceptionThrown:
			b.complain(e.ExceptionDetails.Error())
		case *log.EventEntryAdded:
			b.complain(e.Entry.Text + " " + e.Entry.URL)
		}
	})
	t.Cleanup(func() { b.checkComplaints(t) })
	b.do(t, accessibility.Enable()) // or the names of all are found anew for each
	return b
}

func (b *browser) complain(text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !strings.HasSuffix(text, "/favicon.ico") {
		b.complaints = append(b.complaints, text)
	}
}

// checkComplaints fails the test with what the browser has complained of but for what has some text in it.
func (b *browser) checkComplaints(t *testing.T, but ...string) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range b.complaints {
		if !slices.ContainsFunc(but, func(text string) bool { return strings.Contains(c, text) }) {
			t.Errorf("the browser complains: %s", c)
		}
	}
	b.complaints = nil
}

func (b *browser) do(t *testing.T, actions ...chromedp.Action) {
	t.Helper()
	if err := chromedp.Run(b, actions...); err != nil {
		t.Fatal(err)
	}
}

// open goes to a page.
func (b *browser) open(t *testing.T, url string) {
	t.Helper()
	b.do(t, chromedp.Navigate(url))
}

// evaluate returns what an expression of JavaScript is.
func evaluate[T any](t *testing.T, b *browser, expression string) (value T) {
	t.Helper()
	b.do(t, chromedp.Evaluate(expression, &value))
	return value
}

// text returns the text of a part of the page, as it is seen; of one that is not there or hidden, none.
func (b *browser) text(t *testing.T, id string) string {
	t.Helper()
	return evaluate[string](t, b, `((e) => e && e.checkVisibility() ? e.innerText : "")(document.getElementById("`+id+`"))`)
}

// awaitText waits until a part of the page has some texts.
func (b *browser) awaitText(t *testing.T, id string, want ...string) {
	t.Helper()
	await(t, "the page", func() error {
		got := b.text(t, id)
		for _, w := range want {
			if !strings.Contains(got, w) {
				return fmt.Errorf("%s is %q, want %q in it", id, got, w)
			}
		}
		return nil
	})
}

// show has the browser's window so wide, and its scheme light or dark.
func (b *browser) show(t *testing.T, width int64, scheme string) {
	t.Helper()
	b.do(t, emulation.SetDeviceMetricsOverride(width, 1080, 1, false),
		emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}))
	await(t, "the window to be so", func() error {
		if !evaluate[bool](t, b, fmt.Sprintf(`innerWidth === %d && matchMedia("(prefers-color-scheme: %s)").matches`, width, scheme)) {
			return errors.New("it is not yet")
		}
		return nil
	})
}

// picture keeps a picture of the page if somebody wants to look at it, with make pictures.
func (b *browser) picture(t *testing.T, name string) {
	t.Helper()
	dir := os.Getenv("PICTURES")
	if dir == "" {
		return
	}
	var png []byte
	b.do(t, chromedp.FullScreenshot(&png, 100))
	if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644); err != nil {
		t.Error(err)
	}
}
