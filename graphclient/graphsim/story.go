package graphsim

import (
	"cmp"
	"container/heap"
	"context"
	"math"
	"math/rand/v2"
	"time"
)

// A Story is a security team at work, with a day's events pressed into minutes: somebody who
// watches a dashboard sees it move within one. About 120 incidents are open at any time, most
// of them for minutes, some for hours, a few for weeks, for as long as the story goes on.
//
// Its methods must not be called at once.
type Story struct {
	sim    *Sim
	rng    *rand.Rand
	agenda agenda
	events int      // expected so far
	open   []string // ids, some of which may have been closed since
	slips  bool     // whether the team is late now and then
}

// An event is something that is going to happen.
type event struct {
	at     time.Time
	number int // of those at the same time, the lower goes first
	do     func(now time.Time)
}

// An agenda is a heap of events, the next one first.
type agenda []event

func (a agenda) Len() int { return len(a) }
func (a agenda) Less(i, j int) bool {
	return cmp.Or(a[i].at.Compare(a[j].at), a[i].number-a[j].number) < 0
}
func (a agenda) Swap(i, j int) { a[i], a[j] = a[j], a[i] }
func (a *agenda) Push(e any)   { *a = append(*a, e.(event)) }

func (a *agenda) Pop() any {
	last := len(*a) - 1
	e := (*a)[last]
	(*a)[last] = event{}
	*a = (*a)[:last]
	return e
}

// How many incidents arrive, and how busy times alternate with quiet ones.
const (
	arrivalsPerMinute = 3.4
	tide              = 20 * time.Minute
	keepResolved      = 6 * time.Hour
)

// A pace is how long a kind of incident stays open, on average before the team's promises
// cut it short, how frequent it is, and how many of it are open at a time.
type pace struct {
	share float64
	mean  time.Duration
	open  int
}

var paces = []pace{
	{0.9708, 15 * time.Minute, 50},
	{0.0264, 6 * time.Hour, 32},
	{0.0028, 5 * 24 * time.Hour, 38},
}

// NewStory fills the tenant with the incidents that the day begins with. What happens is
// decided by the seed and by when Step is called.
func NewStory(s *Sim, seed uint64) *Story {
	st := &Story{sim: s, rng: rand.New(rand.NewPCG(seed, 0x73746f7279))}
	now := s.now()
	for _, p := range paces {
		for open := 0; open < p.open; {
			in, age := st.character(), st.between(10*p.mean, 0, 1)
			if life := st.life(in, p.mean); life > age {
				st.recall(now, in, age, life)
				open++
			}
		}
	}
	for range 60 {
		age := time.Duration(st.rng.Int64N(int64(keepResolved)))
		st.recall(now, st.character(), age, age/3)
	}
	st.slips = true
	st.expectArrival(now)
	return st
}

// Run lets the story happen until ctx ends.
func (st *Story) Run(ctx context.Context) {
	for wait := time.Duration(0); sleep(ctx, max(time.Millisecond, wait)) == nil; {
		now := st.sim.now()
		st.Step(now)
		wait = st.agenda[0].at.Sub(now)
	}
}

// Step lets everything happen that is due by now, as the service's clock should say.
func (st *Story) Step(now time.Time) {
	for !st.agenda[0].at.After(now) {
		e := heap.Pop(&st.agenda).(event)
		e.do(e.at)
	}
}

func (st *Story) expect(at time.Time, do func(now time.Time)) {
	st.events++
	heap.Push(&st.agenda, event{at, st.events, do})
}

// expectArrival plans the next incident. There is always one to come.
func (st *Story) expectArrival(now time.Time) {
	phase := 2 * math.Pi * float64(now.UnixNano()%int64(tide)) / float64(tide)
	rate := arrivalsPerMinute * (1 + 0.6*math.Sin(phase))
	st.expect(now.Add(st.exponential(time.Duration(float64(time.Minute)/rate))), func(now time.Time) {
		st.arrive(now)
		st.expectArrival(now)
	})
}

// arrive opens an incident, without a score yet, and plans its life.
func (st *Story) arrive(now time.Time) {
	in := st.character()
	id := st.sim.Add(in)
	st.open = append(st.open, id)
	st.plan(id, now, st.steps(in, st.life(in, st.draw())))
}

// recall adds an incident that began some time ago, with what has happened to it since.
func (st *Story) recall(now time.Time, in Incident, age, life time.Duration) {
	in.Created = now.Add(-age)
	in.Updated = in.Created
	in.setDefaults()
	steps := st.steps(in, life)
	for len(steps) > 0 && steps[0].after <= age {
		steps[0].do(&in)
		if steps[0].dating == Dated {
			in.Updated = in.Created.Add(steps[0].after)
		}
		steps = steps[1:]
	}
	began := in.Created
	id := st.sim.Add(in)
	st.open = append(st.open, id)
	st.plan(id, began, steps)
}

// draw takes one of the paces at random.
func (st *Story) draw() time.Duration {
	roll := st.rng.Float64()
	for _, p := range paces {
		if roll -= p.share; roll < 0 {
			return p.mean
		}
	}
	return paces[0].mean
}

func (st *Story) exponential(mean time.Duration) time.Duration {
	return time.Duration(st.rng.ExpFloat64() * float64(mean))
}

// between is a duration at random between two shares of the whole.
func (st *Story) between(whole time.Duration, from, to float64) time.Duration {
	return time.Duration((from + st.rng.Float64()*(to-from)) * float64(whole))
}

func (st *Story) maybe(share float64) bool { return st.rng.Float64() < share }
