// Package graphsim plays Microsoft Graph's GET /security/incidents, with the token endpoint
// that guards it, inside this process.
//
// A [Sim] is an [http.Handler] and an [http.RoundTripper] over the same code, so that it can
// stand behind a listener or take the place of a transport, also inside a testing/synctest
// bubble: it starts no goroutine, and waits only on timers and on the request's context.
// Everything it leaves to chance comes from [Config.Seed].
//
// It knows the remote as the project's contract describes it, in JSON text, and shares no
// type with the client: what both would get wrong together no test could see.
package graphsim

import (
	"math/rand/v2"
	"sync"
	"time"
)

// A Sim is one tenant's incidents and the service that lists them.
// Its methods may be called concurrently. Functions handed to it ([Config.VisibilityLag],
// [Config.CheckAssertion], [Fault.Where], the arguments of [Sim.Change] and [Sim.Bounds]) run
// under its lock and must not call it.
type Sim struct {
	cfg Config

	mu      sync.Mutex
	rng     *rand.Rand
	records map[string]*record
	created index // what clients can read, by createdDateTime
	updated index // the same, by lastUpdateDateTime
	pending []version
	serial  uint64 // of the latest version
	nextID  uint64

	lifetime time.Duration
	tokens   map[string]time.Time // valid until
	issued   []string
	faults   []*fault
	recent   []time.Time // Graph requests of the last minute, refused ones included
	log      []*Request
}

// New returns an empty tenant behind a service that behaves as cfg says.
func New(cfg Config) *Sim {
	cfg = cfg.withDefaults()
	return &Sim{
		cfg:      cfg,
		rng:      rand.New(rand.NewPCG(cfg.Seed, 0x67726170687369)),
		records:  make(map[string]*record),
		nextID:   1000,
		lifetime: cfg.TokenLifetime,
		tokens:   make(map[string]time.Time),
	}
}

// now is the service's true time, that of a node whose clock is right.
func (s *Sim) now() time.Time { return s.cfg.Now().UTC().Round(0) }

// skew is how far the clock of a node taken at random is ahead.
func (s *Sim) skew() time.Duration {
	if len(s.cfg.NodeSkews) == 0 {
		return 0
	}
	return s.cfg.NodeSkews[s.rng.IntN(len(s.cfg.NodeSkews))]
}

// chance is true for the given share of the calls.
func (s *Sim) chance(share float64) bool { return share > 0 && s.rng.Float64() < share }

// stamp is the time a node taken at random writes into a row, cut down to a tick.
// Graph's own stamps look like 300 ticks a second, so that rows may well share one.
func (s *Sim) stamp(now time.Time) time.Time {
	t := now.Add(s.skew())
	per := int64(s.cfg.Ticks)
	nanos := int64(t.Nanosecond()) * per / 1e9 * 1e9 / per
	return wireTime(time.Unix(t.Unix(), nanos))
}

// wireTime is t as the wire can carry it: UTC, seven fraction digits.
func wireTime(t time.Time) time.Time { return t.UTC().Truncate(100 * time.Nanosecond) }
