package server

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"sync"

	"msgraph_security_exporter/internal/buildinfo"
	"msgraph_security_exporter/internal/config"
	"msgraph_security_exporter/internal/statuspage"
)

// maxRefreshes is how many tenants the status page has brought up to date at once.
const maxRefreshes = 32

// A shownFleet is a fleet as the status page sees it.
type shownFleet struct {
	*fleet
	begin func(*exposition, func()) // brings a tenant up to date in the background
}

// statusPage returns the handler of the status page. What the page has refreshed is given up when ctx
// ends.
func statusPage(ctx context.Context, cfg *config.Config, fleet *fleet) (http.Handler, error) {
	turns := make(chan struct{}, maxRefreshes)
	begin := func(e *exposition, release func()) {
		go func() {
			defer release()
			select {
			case turns <- struct{}{}:
				e.keep(ctx)
				<-turns
			case <-ctx.Done():
			}
		}()
	}
	return statuspage.New(&shownFleet{fleet, begin}, statuspage.Options{Version: buildinfo.Version(), Demo: cfg.Demo, Profiles: cfg.Pprof})
}

// Names implements [statuspage.Fleet].
func (f *shownFleet) Names() []string {
	f.mu.Lock()
	serving := f.serving // not written to once it is published
	f.mu.Unlock()
	return slices.Sorted(maps.Keys(serving))
}

// Acquire implements [statuspage.Fleet].
func (f *shownFleet) Acquire(name string) (t statuspage.Tenant, release func(), ok bool) {
	e, release := f.acquire(name)
	if e == nil {
		return statuspage.Tenant{}, release, false
	}
	return statuspage.Tenant{Metrics: e.noted, History: e.history}, sync.OnceFunc(release), true
}

// Refresh implements [statuspage.Fleet]. The fleet is not closed before every refresh has ended.
func (f *shownFleet) Refresh(names []string) {
	for _, name := range names {
		if e, release := f.acquire(name); e != nil {
			f.begin(e, release)
		}
	}
}
