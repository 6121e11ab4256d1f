package e2e

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"
)

// probed are the targets of an exporter of many tenants, in place of the only one that the demo has.
const probed = `    metrics_path: /probe
    http_sd_configs:
      - {url: "http://%[1]s/sd", refresh_interval: 1s}
    relabel_configs:
      - {source_labels: [__address__], target_label: __param_target}
      - {source_labels: [__param_target], target_label: tenant}
      - {target_label: __address__, replacement: "%[1]s"}`

// TestDeadProcess: a process of five tenants is killed, which is one page.
func TestDeadProcess(t *testing.T) {
	t.Parallel()
	c := newCrowd(t)
	for _, name := range manyTenants {
		c.add(t, name, 0)
	}
	e := start(t, exporter, "--config.file="+c.path, "--web.listen-address=127.0.0.1:0")
	p := newPager(t)
	w := watching(t, e.address(t), manned(t, p), "    static_configs:\n      - targets: [\"exporter:10365\"]", fmt.Sprintf(probed, e.address(t)))
	await(t, "all tenants to be known", func() error {
		values, err := w.byTenant("tenant:msgraph_security_target:timestamp and tenant:msgraph_security_up:max == 1")
		if err == nil && len(values) < len(manyTenants) {
			err = fmt.Errorf("only %v are", values)
		}
		return err
	})
	began := time.Now()
	e.stop(t)
	p.wait(t, "page", "MsgraphSecurityBlind", "firing", began)
	await(t, "the rules to know of the page", func() error {
		values, err := w.byTenant("job:msgraph_security_blind:paged")
		if err == nil && len(values) == 0 {
			err = errors.New("not yet")
		}
		return err
	})
	values, err := w.byTenant(`count(count_over_time(ALERTS{severity="critical", alertstate="firing"}[1h]))`)
	if err != nil || values[""] != 1 {
		t.Errorf("%v critical alerts have fired, want 1: %v", values[""], err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	pages := slices.DeleteFunc(slices.Clone(p.calls), func(c call) bool { return c.receiver != "page" })
	if len(pages) != 1 {
		t.Errorf("on call was called about %v, want one page", pages)
	}
}
