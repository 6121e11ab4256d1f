//go:build linux

package faults

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// A moment is what the exporter is asking for when a fault strikes.
type moment int

const (
	first    moment = iota // the first synchronisation
	pull                   // what a pull waits for: the updates of the last half minute
	lookback               // the updates of the last quarter of an hour
	sweep                  // the windows of what is open
	byID                   // one incident by its id
	token                  // a sign-in
	reload                 // everything, from a reload on that builds the tenant anew
	moments
)

var momentNames = [moments]string{"first synchronisation", "pull", "lookback", "sweep", "by id", "token", "reload"}

func (m moment) String() string { return momentNames[m] }

const incidentsPath = "/v1.0/security/incidents"

var updatedSince = regexp.MustCompile(`lastUpdateDateTime ge (\S+)`)

// holds reports whether a request is of the moment; the lock of the front is held.
func (m moment) holds(f *front, r *http.Request) bool {
	switch {
	case f.fault.secret: // it is of the sign-in at any moment
		m = token
	case m == reload:
		return true
	}
	return m == momentOf(r, f.synced)
}

// momentOf tells what a request is about, by what docs/mirror.md says that it looks like.
func momentOf(r *http.Request, synced bool) moment {
	if strings.HasSuffix(r.URL.Path, "/oauth2/v2.0/token") || r.URL.Path == "/identity" {
		return token
	}
	if r.URL.Path != incidentsPath {
		return byID
	}
	since := updatedSince.FindStringSubmatch(r.URL.Query().Get("$filter"))
	switch {
	case since != nil && longAgo(since[1]):
		return lookback
	case !synced:
		return first
	case since != nil:
		return pull
	}
	return sweep
}

// longAgo reports whether a time is so long ago that only a lookback asks for it.
func longAgo(text string) bool {
	at, err := time.Parse(time.RFC3339Nano, text)
	return err == nil && time.Since(at) > 5*time.Minute
}

func parseForm(body []byte) (url.Values, error) { return url.ParseQuery(string(body)) }
