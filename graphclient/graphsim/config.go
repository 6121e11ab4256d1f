package graphsim

import (
	"math/rand/v2"
	"time"
)

// Config says how the service behaves. The zero value is a quick, exact and lenient Graph;
// each field adds a peculiarity that the contract calls known, likely or possible.
type Config struct {
	Seed uint64           // of everything left to chance
	Now  func() time.Time // the service's clock; nil: time.Now

	// Latency is how long each answer takes, Jitter what chance adds to it at most. Rows
	// are read at a moment of that time taken at random, the Date header at its end.
	Latency, Jitter time.Duration

	// TenantID, ClientID and ClientSecret are what the token endpoint accepts;
	// an empty one accepts anything.
	TenantID, ClientID, ClientSecret string
	// CheckAssertion judges a client_assertion, sent in place of a secret; nil accepts
	// whatever has the three parts of a JWT.
	CheckAssertion func(assertion string) error
	// Roles are the permissions that tokens claim, which this Graph does not check;
	// nil: the one that it takes.
	Roles         []string
	TokenLifetime time.Duration // 0: one hour; see also [Sim.SetTokenLifetime]

	PageSize      int     // most rows a page, $top notwithstanding; 0: 50
	MaxTop        int     // the largest $top, above which Graph refuses with 400; 0: 50
	TopIsTotal    bool    // $top is the length of the list, so that no nextLink follows it
	Order         Order   // of a list without $orderby
	NextLink      Form    // of @odata.nextLink
	ExactNextLink bool    // no nextLink after a full page that nothing follows
	EmptyPages    float64 // share of answers that are an empty page with a nextLink; at most three in a row
	RepeatIDs     float64 // share of pages that show a row twice, or again the last one before
	DeepSkip      int     // a $skip as large silently returns an empty last page; 0: never
	// RefuseDeepSkip makes it one that is refused with 400.
	RefuseDeepSkip bool

	// These make Graph refuse with 400 what is not known to be supported.
	RefuseCount, RefuseStatusFilter, RefuseNe, RefuseOr, RefuseNot, RefuseIn bool
	RefuseParentheses, RefuseSelect, RefuseOrderBy, RefuseFractions          bool
	// These make Graph accept an option and ignore it; fractions are those of a second, in filters.
	IgnoreStatusFilter, IgnoreDateFilter, IgnoreFractions bool
	IgnoreCount, IgnoreOrderBy, IgnoreSelect              bool

	// VisibilityLag is how long after a change clients still read what was before;
	// nil: not at all. A later change that shows first takes the earlier one with it.
	VisibilityLag func(r *rand.Rand) time.Duration
	// NodeSkews are the clocks of the service's nodes. Each change's stamp and each
	// answer's Date header come from one of them, so that stamps may run backwards.
	NodeSkews []time.Duration
	OmitDate  bool
	Ticks     int           // of the stamps per second; 0: 300, at most 10,000,000
	Retention time.Duration // from creation to silent disappearance; 0: 180 days, negative: for ever

	// RequestsPerMinute is how many Graph requests any minute may hold before 429, refused
	// ones included; 0: no limit. ThrottleRetryAfter says when to come back.
	RequestsPerMinute  int
	ThrottleRetryAfter RetryAfter

	Spelling              Spelling // of enumeration values
	DocumentationSpelling bool     // the four determinations as the documentation has them
	NullsForUnknown       bool     // null for an unknown classification or determination
	OmitScore             bool     // no priorityScore property, as in older schemas
	Terse                 bool     // null for the free text that makes up most of an answer

	History      bool // keep what was readable, for [Sim.Bounds]
	KeepRequests int  // how many requests the log holds at least; 0: 65,536
}

// Order is the order of a list.
type Order int

// The contract knows only that the default order is "most recent first".
const (
	CreatedDescending Order = iota
	CreatedAscending
	UpdatedDescending
	UpdatedAscending
	ByID
	Shuffled // at random, always the same
	Unstable // at random, anew for each request
)

// Form is how @odata.nextLink tells where to go on.
type Form int

// All forms are positions in the list as it is when the link is followed. Without the filter,
// the position is one in the list of all incidents, and so are the rows.
const (
	SkipWithFilter    Form = iota // $skip and everything that was asked
	SkipWithoutFilter             // $skip and everything but $filter
	Token                         // an opaque $skiptoken
)

// RetryAfter is what a throttled answer says about coming back.
type RetryAfter int

// Graph is known to do each of these.
const (
	RetryNone RetryAfter = iota
	RetrySeconds
	RetryDate
)

// Spelling is how enumeration values are written.
type Spelling int

// Graph writes camelCase today; older samples show PascalCase.
const (
	CamelCase Spelling = iota
	PascalCase
)

func (c Config) withDefaults() Config {
	if c.Now == nil {
		c.Now = time.Now
	}
	setDefault(&c.PageSize, pageSize)
	setDefault(&c.MaxTop, pageSize)
	setDefault(&c.Ticks, 300)
	setDefault(&c.KeepRequests, 1<<16)
	setDefault(&c.TokenLifetime, time.Hour)
	setDefault(&c.Retention, 180*24*time.Hour)
	return c
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
