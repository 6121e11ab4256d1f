// Package mirror keeps a copy of one tenant's open security incidents in step
// with Microsoft Graph.
//
// Graph has no subscription for incidents and lists them fifty to a page over a
// list that moves while it is read. The mirror therefore reads in four ways, and
// docs/mirror.md argues why they suffice together:
//
//   - the first synchronisation lists every open incident in cells of created
//     time so small that none needs a second page;
//   - a narrow delta at each pull asks for what was updated since the last one;
//   - a wide delta each minute asks again for the last quarter of an hour, for
//     changes that became readable late;
//   - the sweep reads every cell again, for changes that move no date.
package mirror

import (
	"cmp"
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"msgraph_security_exporter/graphclient"
)

// Config says how fresh the copy has to be. The zero value of each field means
// its default.
type Config struct {
	// SweepInterval is the time in which every open incident is read again,
	// 10 minutes by default.
	SweepInterval time.Duration
	// MaxAge is the age at which a snapshot is no longer served, 5 minutes by
	// default. Reading pauses when nobody has asked for that long.
	MaxAge time.Duration
	// MinRefreshInterval is the time within which refreshes share one result,
	// 1 second by default; negative for none.
	MinRefreshInterval time.Duration
	// Tags are the tags by which incidents are told apart, at most 32, whatever their
	// case, and WebURLs keeps the address of each incident; both for whoever asks for it.
	Tags    []string
	WebURLs bool
	// Observe is told what happened between one snapshot and the next, by one
	// goroutine at a time, before a refresh that waited for it returns. The first
	// snapshot tells nothing.
	Observe func([]Event)
	// Logger gets changes of state; nothing is logged by default.
	Logger *slog.Logger
}

func (c Config) withDefaults() Config {
	c.SweepInterval = cmp.Or(c.SweepInterval, 10*time.Minute)
	c.MaxAge = cmp.Or(c.MaxAge, 5*time.Minute)
	c.MinRefreshInterval = cmp.Or(c.MinRefreshInterval, time.Second)
	if c.Observe == nil {
		c.Observe = func([]Event) {}
	}
	c.Logger = cmp.Or(c.Logger, slog.New(slog.DiscardHandler))
	return c
}

const (
	// narrowOverlap and wideOverlap are how late a change may become readable
	// and still be found by the next narrow or wide delta.
	narrowOverlap = 30 * time.Second
	wideOverlap   = 15*time.Minute + narrowOverlap
	// widePace is how often the wide delta runs beside the pulls; a pull that
	// finds the last one older than wideLimit runs it itself.
	widePace  = 45 * time.Second
	wideLimit = time.Minute
	// failingPace is how soon what runs beside the pulls is tried again.
	failingPace = 10 * time.Second
	// forgetAfter is how long nobody has to ask for the copy to be dropped.
	forgetAfter = time.Hour
)

// A Mirror is the copy of one tenant's incidents. Create it with [New], start
// [Mirror.Run], then call [Mirror.Refresh] and [Mirror.Report] from any number
// of goroutines.
type Mirror struct {
	client *graphclient.Client
	cfg    Config
	epoch  time.Time    // of every moment
	asks   chan *flight // refreshes to be carried out by Run
	kick   chan struct{}
	// settling holds a token while contradicting answers are read again.
	settling chan struct{}
	state    atomic.Pointer[state]

	mu       sync.Mutex // guards everything below; never held during a request
	book     *book
	decoder  *decoder
	clock    serviceClock
	doubts   map[string]bool // incidents to be read again by id
	features features
	marks    marks
	health   health
	flight   *flight   // the refresh under way or the last one
	asked    time.Time // when somebody last wanted to know
	snapshot *Snapshot
	asOf     time.Time // local time at which the snapshot's pass began
	progress float64
	synced   bool
	turn     chan struct{} // closed when the first synchronisation ends or fails
	vanished vanished
	swept    timetable
	nextBulk time.Time // when the sweeps may send their next request
	archive  archive   // of what was reported of incidents that have left the book
	// objectives are those that the incidents are held against.
	objectives []activeObjective
}

// marks are the watermarks: up to where, on Graph's clock, every dated change
// that was readable has been read. They move only with a pass that completed.
type marks struct {
	narrow, wide time.Time
	wideAt       time.Time // local time at which the last wide pass began
}

// New returns a mirror that reads with the client. It asks nothing before Run.
func New(client *graphclient.Client, cfg Config) *Mirror {
	m := &Mirror{
		client:   client,
		cfg:      cfg.withDefaults(),
		epoch:    time.Now(),
		asks:     make(chan *flight, 1),
		kick:     make(chan struct{}, 1),
		settling: make(chan struct{}, 1),
		decoder:  newDecoder(cfg),
		turn:     make(chan struct{}),
	}
	m.forget()
	return m
}

// Run keeps the copy until ctx ends and returns when nothing that it started is
// left. The first synchronisation begins at once.
func (m *Mirror) Run(ctx context.Context) {
	m.mu.Lock()
	m.asked = time.Now()
	m.mu.Unlock()
	for ctx.Err() == nil {
		if since, err := m.synchronise(ctx); err == nil {
			m.keep(ctx, since)
		}
		m.awaitPull(ctx)
	}
}

// keep carries out refreshes and reads beside them, until ctx ends or nobody has
// asked for so long that the copy is dropped. The oldest of what it begins with was
// read at since.
func (m *Mirror) keep(ctx context.Context, since time.Time) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var tasks sync.WaitGroup
	tasks.Go(func() { m.carryOut(ctx) })
	tasks.Go(func() { m.widen(ctx) })
	tasks.Go(func() { m.sweepYoung(ctx, since) })
	tasks.Go(func() { m.sweepOld(ctx) })
	for ctx.Err() == nil && m.idle() < forgetAfter {
		sleep(ctx, forgetAfter-m.idle())
	}
	stop()
	tasks.Wait()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.forget()
}

// forget drops the copy; the lock is held, or nobody else has the mirror yet.
func (m *Mirror) forget() {
	m.book, m.doubts = newBook(), map[string]bool{}
	m.marks, m.vanished, m.swept = marks{}, vanished{}, timetable{}
	m.synced, m.progress, m.snapshot = false, 0, nil
	if f := m.flight; f != nil {
		f.end(context.Canceled) // asked for while the copy was being dropped
	}
	m.flight = nil
	m.announce()
}

// widen runs the wide delta at its pace, and soon again when it fails.
func (m *Mirror) widen(ctx context.Context) {
	for pace := widePace; m.pause(ctx, pace); {
		_, err := m.pass(ctx, true)
		m.note(ctx, taskWide, err)
		pace = widePace
		if err != nil {
			pace = failingPace
		}
	}
}

// idle returns how long nobody has asked.
func (m *Mirror) idle() time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	return time.Since(m.asked)
}

// pause waits for d, and longer while nobody asks; false when ctx ends.
func (m *Mirror) pause(ctx context.Context, d time.Duration) bool {
	for sleep(ctx, d) {
		if m.idle() < m.cfg.MaxAge {
			return true
		}
		d = time.Second
	}
	return false
}

// sleep waits for d; false when ctx ends first.
func sleep(ctx context.Context, d time.Duration) bool {
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
