package e2e

import (
	contexts "context" // the folder of an image has that name here
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"msgraph_security_exporter/graphclient/graphsim"
)

//go:embed accessible.js
var accessible string

// checkLooks looks at the page on a phone and on a wall, light and dark: everybody can read and use it.
func (b *browser) checkLooks(t *testing.T, name string) {
	t.Helper()
	for _, scheme := range []string{"light", "dark"} {
		for _, width := range []int64{390, 1920} {
			b.show(t, width, scheme)
			for _, fault := range evaluate[[]string](t, b, accessible) {
				t.Errorf("%s, %s, %d pixels: %s", name, scheme, width, fault)
			}
			b.picture(t, fmt.Sprintf("%s-%s-%d", name, scheme, width))
		}
	}
}

// A focus is what of the page the keyboard is at, and what makes that seen.
type focus struct {
	Place   int // among everything that can be focused; -1: elsewhere
	What    string
	Outline float64 // pixels
	Stands  float64 // off the background, to 1
	Seen    bool    // whether it is where the window shows it
}

const (
	// toTop puts the keyboard before everything that can be focused.
	toTop       = `document.body.tabIndex = -1; document.body.focus(); document.body.removeAttribute("tabindex"); scrollTo(0, 0)`
	interactive = `[...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex]")].filter((e) => e.checkVisibility() && e.tabIndex >= 0)`
	focused     = `(() => {
  const e = document.activeElement;
  const style = getComputedStyle(e);
  const light = (c) => c.match(/[\d.]+/g).slice(0, 3).map((v) => v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  let back = e.parentElement;
  while (back.parentElement && getComputedStyle(back).backgroundColor === "rgba(0, 0, 0, 0)") back = back.parentElement;
  const [dark, bright] = [light(style.outlineColor), light(getComputedStyle(back).backgroundColor)].sort((a, b) => a - b);
  const box = e.getBoundingClientRect();
  return {
    Place: ` + interactive + `.indexOf(e), What: e.outerHTML.slice(0, 90),
    Outline: style.outlineStyle === "none" ? 0 : parseFloat(style.outlineWidth), Stands: (bright + 0.05) / (dark + 0.05),
    Seen: box.top < innerHeight && box.bottom > 0 && box.left < innerWidth && box.right > 0,
  };
})()`
)

// checkKeyboard goes through the page with the Tab key: it comes by everything that can be used, in the
// order of the page, sees where it is, and gets out again.
func (b *browser) checkKeyboard(t *testing.T) (faults []string) {
	t.Helper()
	places := evaluate[int](t, b, interactive+`.length`)
	b.do(t, chromedp.Evaluate(toTop, nil))
	for place := range places {
		b.do(t, chromedp.KeyEvent(kb.Tab))
		got := evaluate[focus](t, b, focused)
		switch {
		case got.Place != place:
			faults = append(faults, fmt.Sprintf("the key %d leads to place %d, %s", place+1, got.Place, got.What))
		case got.Outline < 2 || got.Stands < 3:
			faults = append(faults, fmt.Sprintf("the focus is not seen at %s: %v pixels, %.2f to 1", got.What, got.Outline, got.Stands))
		case !got.Seen:
			faults = append(faults, "the focus is outside of the window at "+got.What)
		}
	}
	if places == 0 {
		faults = append(faults, "nothing can be focused")
	}
	return faults
}

// TestStatusPageChecksFind breaks the page in each way that the checks are there for: they say so.
func TestStatusPageChecksFind(t *testing.T) {
	t.Parallel()
	sim := tenant(graphsim.Config{})
	populate(sim)
	s := expose(t, sim, "--collector.incident-info=3")
	b := browse(t)
	b.open(t, "http://"+s.address+"/")
	b.awaitText(t, "state", "Current as of")
	b.awaitText(t, "pressing", "Most pressing")
	b.show(t, 390, "light")
	b.do(t, chromedp.ActionFunc(func(ctx contexts.Context) error { // a page that nothing mends
		_, err := page.AddScriptToEvaluateOnNewDocument(`window.setTimeout = window.setInterval = () => 0`).Do(ctx)
		return err
	}))
	for _, broken := range []struct{ how, want string }{
		{"", ""},
		{css(":root { --sub: #999 }"), "a text stands off its background by 2.8"},
		{css("@media (max-width: 400px) { .n { color: rgba(0, 0, 0, .4) } }"), "a text stands off its background by 2.8"},
		{css("section { background: rgba(85, 91, 102, .5) }"), "a text stands off its background by 2."},
		{css("figcaption { opacity: .9 }"), "a text shines through"},
		{css(".plot { font-size: .7rem }"), "a text of 11.2px"},
		{css("@media all { table { min-width: 800px } .wide { overflow: visible } }"), "pixels wide, and shows 390"},
		{css(":focus-visible { outline: none !important }"), "the focus is not seen"},
		{css(":focus-visible { outline-color: #ddd !important }"), "the focus is not seen"},
		{`document.documentElement.lang = ""`, "the page has no language"},
		{`document.title = " "`, "the page has no title"},
		{`document.querySelector("#open h2").outerHTML = "<h4 id=open-title>x</h4>"`, "a heading of level 4 follows one of level 2"},
		{`document.querySelector("#open thead th").removeAttribute("scope")`, "a table's header is of no row or column"},
		{`document.querySelector("#open caption").remove(); document.querySelector("#open .wide").removeAttribute("aria-label")`, "a table has no title"},
		{`document.querySelector("#open tbody td").remove()`, "a row has 7 cells in 8 columns"},
		{`document.querySelector("#hour svg").removeAttribute("aria-label")`, "it has no name"},
		{`document.querySelector("#next-title").id = "other"`, "aria-labelledby leads nowhere"},
		{`document.querySelector("#exporter dl").id = "open"`, "an id is there twice"},
		{`document.querySelector("main").prepend(document.createElement("input"))`, "it has no name"},
		{`document.querySelector("nav a").tabIndex = 3`, "the order of the keyboard is another"},
		{`document.querySelector("#open .wide").removeAttribute("tabindex"); ` + css("#open table { min-width: 800px }"), "it cannot be scrolled by keyboard"},
		{`document.addEventListener("keydown", (e) => e.preventDefault())`, "leads to place"},
	} {
		b.open(t, "http://"+s.address+"/")
		b.do(t, chromedp.Evaluate(broken.how+"\n;0", nil))
		faults := append(evaluate[[]string](t, b, accessible), b.checkKeyboard(t)...)
		found := slices.ContainsFunc(faults, func(f string) bool { return strings.Contains(f, broken.want) })
		if broken.want == "" && len(faults) > 0 || broken.want != "" && !found {
			t.Errorf("%s: want %q, got %q", broken.how, broken.want, faults)
		}
	}
}

// css is what adds a rule to the page's style.
func css(text string) string {
	return fmt.Sprintf("document.styleSheets[0].insertRule(%q, document.styleSheets[0].cssRules.length)", text)
}
