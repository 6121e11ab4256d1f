package e2e

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"msgraph_security_exporter/graphclient/graphsim"
)

// shownTenants returns the tenants that are in the list as it is filtered.
func (b *browser) shownTenants(t *testing.T) []string {
	t.Helper()
	return evaluate[[]string](t, b, `[...document.querySelectorAll("#tenants tbody tr")].filter((r) => r.checkVisibility()).map((r) => r.innerText.replaceAll("\t", " "))`)
}

// TestStatusPageOfMany shows a hundred tenants and then five hundred, of which one can be found with
// nothing but keys; the one in trouble comes first, says why, and has no number.
func TestStatusPageOfMany(t *testing.T) {
	t.Parallel()
	b := browse(t)
	for _, tenants := range []int{100, 500} {
		estate := newEstate(t, tenants, 4)
		estate.sims[fmt.Sprintf("127.1.0.78:%d", estate.port)].Fault(graphsim.Fault{Match: graphsim.ListOperation, Status: 403, Code: "Forbidden"}) // t77
		dir := t.TempDir()
		for name, text := range map[string]string{"secret": secret + "\n", "tenants.yml": estate.text.String()} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		e := start(t, exporter, "--config.file="+filepath.Join(dir, "tenants.yml"), "--web.listen-address=127.0.0.1:0")
		b.open(t, "http://"+e.address(t)+"/")
		b.show(t, 1920, "light")
		b.awaitText(t, "state", fmt.Sprintf("%d of %d tenants current\n\nOthers: 1 without numbers.", tenants-1, tenants))
		all := b.shownTenants(t)
		if len(all) != tenants || !strings.HasPrefix(all[0], "t77 No numbers · forbidden") || !strings.HasSuffix(all[0], "– – – –") {
			t.Fatalf("got %d tenants, the first is %q", len(all), all[0])
		}
		for _, row := range all[1:] {
			if !strings.Contains(row, " Current as of ") || !strings.Contains(row, " ago 4 ") {
				t.Errorf("got the row %q", row)
			}
		}
		b.checkLooks(t, fmt.Sprint("tenants-", tenants))
		b.filterByKeys(t, tenants)
		e.stop(t)
		b.awaitText(t, "lost", "does not answer")
		b.checkComplaints(t, "net::ERR_CONNECTION_REFUSED")
	}
}

// filterByKeys finds a tenant, and goes there.
func (b *browser) filterByKeys(t *testing.T, tenants int) {
	t.Helper()
	wanted := fmt.Sprint("t", tenants-1)
	b.do(t, chromedp.Evaluate(toTop, nil), chromedp.KeyEvent(kb.Tab), chromedp.KeyEvent(strings.ToUpper(wanted)))
	if shown := b.shownTenants(t); len(shown) != 1 || !strings.HasPrefix(shown[0], wanted+" ") {
		t.Fatalf("got the tenants %q, want %s alone", shown, wanted)
	}
	b.awaitText(t, "shown", fmt.Sprintf("1 of %d", tenants))
	b.checkLooks(t, "filtered")
	for _, fault := range b.checkKeyboard(t) {
		t.Error(fault)
	}
	before := b.text(t, "tenants")
	await(t, "the next turn of the page", func() error {
		if b.text(t, "tenants") == before {
			return errors.New("nothing has changed")
		}
		return nil
	})
	if shown := b.shownTenants(t); len(shown) != 1 {
		t.Errorf("the filter is gone: %q", shown)
	}
	b.do(t, chromedp.Focus(`#tenants tbody tr:not([hidden]) a`), chromedp.KeyEvent(kb.Enter), chromedp.WaitVisible("#open"))
	if got := evaluate[string](t, b, `location.pathname`); got != "/tenants/"+wanted {
		t.Errorf("got to %s", got)
	}
	b.awaitText(t, "open", "4 open")
	b.checkLooks(t, "tenant")
}
