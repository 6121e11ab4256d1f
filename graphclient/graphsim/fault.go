package graphsim

import (
	"net/http"
	"time"
)

// A Fault makes answers go wrong. Faults are tried in the order in which they were set; the
// first that concerns a request is the only one to act on it.
type Fault struct {
	Match       Operation                  // which requests; AnyOperation: all
	Where       func(r *http.Request) bool // and only those; nil: all. The body is read already
	Skip        int                        // and not the first so many of them
	Times       int                        // and then so many; 0: until cleared
	Probability float64                    // and of those this share; 0: all

	Kind     FaultKind
	Status   int      // of a FaultStatus (0: 500) and of a FaultRedirect (0: 302)
	Body     BodyKind // of a FaultStatus
	Code     string   // of a Graph body
	Text     string   // of a BodyText, or the message of a Graph body
	AADSTS   int      // makes the body one of the token endpoint; Status 0: as it would
	Location string   // of a FaultRedirect and FaultNextLinkElsewhere, a whole URL

	RetryAfter     time.Duration // sends the header when not 0
	RetryAfterDate bool          // as a date
	Header         http.Header   // sent in addition, in place of what there is

	Share float64       // of rows that FaultPartial and FaultMissingRows leave out; 0: half
	Each  time.Duration // of a FaultDrip, between bytes; 0: a second
	Size  int           // of a FaultOversized, in bytes; 0: 64 MiB
}

// FaultKind is what goes wrong.
type FaultKind int

// The kinds of fault. Those from FaultDrip on spoil the answer that there would have been.
const (
	FaultStatus      FaultKind = iota // an error, or any other answer, in place of the real one
	FaultHang                         // no answer until the request's context ends
	FaultDisconnect                   // the connection is reset before an answer
	FaultUnreachable                  // there is no connection
	FaultHTML                         // 200 with a page of some proxy
	FaultGarbage                      // 200 with JSON that breaks off, in a body that does not
	FaultRedirect                     // to Location
	FaultEmptyOK                      // 200 with no body at all

	FaultDrip              // the body comes byte by byte
	FaultTruncated         // the connection breaks half-way through the body
	FaultOversized         // the body is followed by blanks
	FaultPartial           // 206 with a Warning, and only some of the rows
	FaultMissingRows       // 200, but only some of the rows
	FaultNoRows            // 200 without rows or nextLink
	FaultNextLinkElsewhere // @odata.nextLink is Location
	FaultNextLinkLoop      // @odata.nextLink leads to this very page
	FaultNextLinkForever   // @odata.nextLink always leads on, to pages without rows
)

// BodyKind is the body of an error.
type BodyKind int

// The bodies that errors are known to have.
const (
	BodyGraph BodyKind = iota // {"error":{…}}
	BodyEmpty
	BodyText // plain
	BodyHTML
	BodyJSON // Text, as JSON
)

type fault struct{ Fault }

// Fault adds a fault.
func (s *Sim) Fault(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, &fault{f})
}

// ClearFaults ends all faults. Requests that hang by then go on hanging.
func (s *Sim) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// faultFor returns the fault that acts on this call, or nil, and counts it.
func (s *Sim) faultFor(c *call) *fault {
	for i, f := range s.faults {
		if f.Match != AnyOperation && f.Match != c.operation || f.Where != nil && !f.Where(c.Request) {
			continue
		}
		if f.Skip > 0 {
			f.Skip--
			continue
		}
		if f.Probability > 0 && !s.chance(f.Probability) {
			continue
		}
		if f.Times--; f.Times == 0 {
			s.faults = append(s.faults[:i:i], s.faults[i+1:]...)
		}
		return f
	}
	return nil
}
