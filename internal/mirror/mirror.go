// Package mirror keeps a copy of one tenant's open security incidents in step
// with Microsoft Graph.
//
// Graph has no subscription for incidents and lists them fifty to a page over a
// list that moves while it is read. The mirror therefore reads in four ways, and
// docs/mirror.md argues why they suffice together:
//
//   - the first synchronisation reads every open incident, in pages that need no
//     second one;
//   - a pass at each pull asks for what was updated since the last one;
//   - a lookback each minute asks again for the last quarter of an hour, for
//     changes that became readable late;
//   - the sweep reads every open incident again, for changes that move no date.
package mirror

import (
	"cmp"
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"msgraph_security_exporter/graphclient"
	"msgraph_security_exporter/internal/defender"
	"msgraph_security_exporter/internal/history"
	"msgraph_security_exporter/internal/reading"
	"msgraph_security_exporter/internal/serviceclock"
)

// Config says how fresh the copy has to be. The zero value of each field means
// its default.
type Config struct {
	// SweepInterval is the time in which every open incident is read again,
	// 10 minutes by default.
	SweepInterval time.Duration
	// MaxAge is the age at which a snapshot is no longer served, 5 minutes by
	// default. Reading pauses when nobody has asked for that long, or for three
	// of the intervals at which somebody does.
	MaxAge time.Duration
	// MinRefreshInterval is the time within which refreshes share one result,
	// 1 second by default; negative for none.
	MinRefreshInterval time.Duration
	// Tags are the tags by which incidents are told apart, at most 32, whatever their
	// case, and WebURLs keeps the address of each incident; both for whoever asks for it.
	Tags    []string
	WebURLs bool
	// Observe is told what happened between one snapshot and the next, by one
	// goroutine at a time, before a refresh that waited for it returns. It must be quick
	// and must not call the mirror. The first snapshot tells nothing.
	Observe func([]history.Event)
	// Logger gets changes of state; nothing is logged by default.
	Logger *slog.Logger
}

func (c Config) withDefaults() Config {
	c.SweepInterval = cmp.Or(c.SweepInterval, 10*time.Minute)
	c.MaxAge = cmp.Or(c.MaxAge, 5*time.Minute)
	c.MinRefreshInterval = cmp.Or(c.MinRefreshInterval, time.Second)
	if c.Observe == nil {
		c.Observe = func([]history.Event) {}
	}
	c.Logger = cmp.Or(c.Logger, slog.New(slog.DiscardHandler))
	return c
}

// failingPace is how soon what runs in the background is tried again.
const failingPace = 10 * time.Second

// A Mirror is the copy of one tenant's incidents. Create it with [New], start
// [Mirror.Run], then call [Mirror.Refresh] and [Mirror.Report] from any number
// of goroutines.
type Mirror struct {
	client *graphclient.Client
	reader *reading.Reader
	cfg    Config
	epoch  time.Time     // of every moment
	asks   chan *refresh // to be carried out by Run
	wake   chan struct{} // holds a token when a pull came that the first synchronisation may wait for
	state  atomic.Pointer[state]

	mu      sync.Mutex // guards everything below; never held during a request
	copy    *localCopy
	decoder *defender.Decoder
	clock   serviceclock.Clock
	// watermark is up to where, on Graph's clock, every dated change that was readable has
	// been read. It moves only with a pass that completed.
	watermark     time.Time
	fell          time.Duration // how far Graph's clock has turned out to be behind, all in all
	lookbackFrom  time.Time     // when the last lookback was sent, on Graph's clock
	lookbackBegan time.Time     // the same, on the local one
	hurried       time.Time     // late changes are sure to be shown once a lookback has begun after that, on the local clock
	resumed       bool          // the next lookback follows a pause or a failure, and reads all of it
	windows       partition
	suspicion     suspicion
	passless      bool          // passes fail because Graph does not filter by update
	relisted      time.Duration // since when sweeps do the work of passes, by elapsed; 0: they do not
	health        health
	refresh       *refresh // the one under way or the last one
	asked         demand
	snapshot      *Snapshot
	asOf          time.Time // local time at which the snapshot's pass began
	progress      float64
	synced        bool
	attempt       chan struct{} // closed when the first synchronisation ends or fails
	background    time.Time     // when the pacer lets the next request go
	ticked        time.Duration // what elapsed has counted so far
	ticking       time.Time     // up to when
	history       history.History
}

// New returns a mirror that reads with the client. It asks nothing before Run.
func New(client *graphclient.Client, cfg Config) *Mirror {
	now := time.Now()
	m := &Mirror{
		client:  client,
		cfg:     cfg.withDefaults(),
		epoch:   now,
		ticking: now,
		asks:    make(chan *refresh, 1),
		wake:    make(chan struct{}, 1),
		decoder: defender.NewDecoder(cfg.Tags, cfg.WebURLs),
		attempt: make(chan struct{}),
	}
	m.reader = &reading.Reader{Client: client, Logger: m.cfg.Logger, Put: m.take, Pace: m.pace, Known: m.known, Now: m.now}
	m.forget()
	return m
}

// Run keeps the copy until ctx ends and returns when nothing that it started is
// left. The first synchronisation begins at once.
func (m *Mirror) Run(ctx context.Context) {
	m.mu.Lock()
	if !m.asked.any {
		m.asked.last = m.elapsedLocked()
	}
	m.mu.Unlock()
	for ctx.Err() == nil {
		if m.synchronise(ctx) == nil {
			m.keep(ctx)
		}
		m.awaitPull(ctx)
	}
}

// keep carries out refreshes and reads beside them, until ctx ends or nobody has
// asked for so long that the copy is dropped.
func (m *Mirror) keep(ctx context.Context) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var tasks sync.WaitGroup
	tasks.Go(func() { m.carryOut(ctx) })
	tasks.Go(func() { m.lookBack(ctx) })
	tasks.Go(func() { m.sweep(ctx) })
	for ctx.Err() == nil && !m.forgotten() {
		sleep(ctx, time.Minute)
	}
	stop()
	tasks.Wait()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.forget()
}

// forget drops the copy; the lock is held, or nobody else has the mirror yet.
func (m *Mirror) forget() {
	m.copy = newCopy()
	m.history.Forget()
	m.watermark, m.lookbackFrom, m.lookbackBegan, m.hurried = time.Time{}, time.Time{}, time.Time{}, time.Time{}
	m.windows, m.suspicion, m.passless = partition{}, suspicion{}, false
	m.health.problems = [tasks]Problem{} // which only the copy could mend
	m.synced, m.progress, m.snapshot = false, 0, nil
	if r := m.refresh; r != nil {
		r.end(context.Canceled) // asked for while the copy was being dropped
	}
	m.refresh = nil
	select {
	case <-m.wake: // of a pull that has been answered
	case <-m.asks:
	default:
	}
	m.announce()
}

// SetObjectives has the incidents held against these objectives from now on, see
// [history.History.SetObjectives].
func (m *Mirror) SetObjectives(objectives []history.Objective) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var taken time.Time
	if m.snapshot != nil {
		taken = m.snapshot.Taken
	}
	m.history.SetObjectives(objectives, taken, func(update func(*history.Past)) {
		for id, r := range m.copy.rows {
			update(&r.past)
			m.copy.rows[id] = r
		}
	})
}

// pause waits for d, and longer while nobody asks; false when ctx ends.
func (m *Mirror) pause(ctx context.Context, d time.Duration) bool {
	for sleep(ctx, d) {
		if !m.unwatched() {
			return true
		}
		d = time.Second
	}
	return false
}

// pace waits until the next request of the background may go out: together they take at most
// half of what the limiter allows. It returns false when ctx ends.
func (m *Mirror) pace(ctx context.Context) bool {
	spacing := time.Duration(2 * float64(time.Minute) / max(1, m.client.RequestsPerMinute()))
	m.mu.Lock()
	at := time.Now()
	if m.background.After(at) {
		at = m.background
	}
	m.background = at.Add(spacing)
	m.mu.Unlock()
	return sleep(ctx, time.Until(at))
}

// sleep waits for d; false when ctx ends first.
func sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// moment places an answer on the mirror's own time line.
func (m *Mirror) moment(a graphclient.Answer) moment {
	return moment{a.Sent.Sub(m.epoch), a.Arrived.Sub(m.epoch)}
}
