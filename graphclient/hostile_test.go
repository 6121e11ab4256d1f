package graphclient

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// What one hostile answer may cost: docs/security.md promises 128 MiB of memory, of which this is
// the stricter form (all that is allocated, whether it is freed meanwhile or not), and 2 s of CPU.
const (
	memoryOfOneAnswer = 128 << 20
	cpuOfOneAnswer    = 2 * time.Second
)

// cost returns how many bytes f allocates and how much CPU time the process uses meanwhile.
func cost(f func()) (memory uint64, cpu time.Duration) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	began := cpuTime()
	f()
	cpu = cpuTime() - began
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc, cpu
}

// many returns as many copies of part as fit into n bytes between head and tail.
func many(head, part, tail string, n int) string {
	return head + strings.Repeat(part, max(0, n-len(head)-len(tail))/len(part)) + tail
}

// hostileBodies are texts that cost a reader without bounds far more than their length. n is
// about as long as one may be.
func hostileBodies(n int) map[string]string {
	long := strings.Repeat("x", n/2)
	withRow := func(property, value string) string { return `{"value":[` + row(property, value) + `]}` }
	return map[string]string{
		"blanks":             many(`{"value":[]`, " ", "}", n),
		"an id of arrays":    withRow("id", strings.Repeat("[", n/2)+strings.Repeat("]", n/2)),
		"an id of lists":     withRow("id", "["+strings.Repeat("[],", n/3)+"0]"),
		"a long id":          withRow("id", `"`+long+`"`),
		"an escaped id":      withRow("id", `"`+strings.Repeat(`\u0041`, n/6)+`"`),
		"an odd id":          withRow("id", `{"`+long+`":1}`),
		"a long date":        withRow("createdDateTime", `"`+long+`"`),
		"a long severity":    withRow("severity", `"`+long+`"`),
		"a long owner":       withRow("assignedTo", `"`+long+`"`),
		"a long score":       withRow("priorityScore", strings.Repeat("9", n/2)),
		"tags":               withRow("customTags", "["+strings.Repeat(`"",`, n/3-99)+`""]`),
		"tags and tags":      withRow("systemTags", "["+strings.Repeat(`0,`, n/2-99)+`""]`),
		"unknown properties": many(`{"value":[],"x":0`, `,"":0`, "}", n),
		"unknown in a row":   withRow("x", "0"+strings.Repeat(`,"":0`, n/5-99)),
		"values":             many(`{"value":[]`, `,"value":[]`, "}", n),
		"links":              many(`{"value":[]`, `,"@odata.nextLink":""`, "}", n),
		"empty rows":         many(`{"value":[{}`, `,{}`, "]}", n),
		"rows":               many(`{"value":[`+row("x", "0"), `,`+row("x", "0"), "]}", n),
		"nulls":              many(`{"value":[null`, `,null`, "]}", n),
		"depth":              `{"x":` + strings.Repeat(`{"x":`, n/5),
		"brackets":           strings.Repeat("[", n),
		"quotes":             strings.Repeat(`"`, n),
		"backslashes":        `{"` + strings.Repeat(`\`, n),
		"a long link":        `{"value":[],"@odata.nextLink":"https://graph.test/v1.0/security/incidents?$skiptoken=` + long + `"}`,
		"a link of blanks":   `{"value":[],"@odata.nextLink":"?$skip=` + strings.Repeat(" ", n/2) + `"}`,
		"an error":           `{"error":{"code":"` + strings.Repeat("x", n/3) + `","message":"` + strings.Repeat("é", n/3) + `"}}`,
		"text":               strings.Repeat("é\x00", n/3),
	}
}

// TestHostileAnswers: no answer costs more than 128 MiB or 2 s of CPU, whatever is in it and
// whatever its status is.
func TestHostileAnswers(t *testing.T) {
	var most uint64
	var longest time.Duration
	defer func() { t.Logf("at most %d MiB and %s", most>>20, longest) }()
	bodies := map[string]string{}
	for _, n := range []int{maxParts, 2 * maxParts, maxBody - 1<<10, 2 * maxBody} {
		for name, body := range hostileBodies(n) {
			bodies[fmt.Sprintf("%s, %d bytes", name, n)] = body
		}
	}
	for name, body := range bodies {
		for _, status := range []int{http.StatusOK, http.StatusForbidden} {
			bubble(t, func(t *testing.T) {
				client := connect(t, graphOnly(func(r *http.Request) (*http.Response, error) {
					return answer(r, status, body, "Content-Type: text/plain")
				}), unlimited)
				for what, parse := range map[string]func([]byte) error{
					"page":     func(b []byte) error { _, _, err := parsePage(b); return err },
					"incident": func(b []byte) error { _, err := parseIncident(b); return err },
				} {
					memory, cpu := cost(func() { _, _ = client.attempt(t.Context(), Query{Operation: OperationSweep}, client.root, parse) })
					most, longest = max(most, memory), max(longest, cpu)
					if memory > memoryOfOneAnswer || cpu > cpuOfOneAnswer {
						t.Errorf("%s as %s, %d: %d MiB, %s", name, what, status, memory>>20, cpu)
					}
				}
			})
		}
	}
}

// TestCompressedNothing: a compressed body that never brings a byte is given up by its length.
func TestCompressedNothing(t *testing.T) {
	var empty bytes.Buffer
	_ = gzip.NewWriter(&empty).Close()
	read := 0
	client := connect(t, graphOnly(func(r *http.Request) (*http.Response, error) {
		resp, err := answer(r, http.StatusOK, "", "Content-Encoding: gzip")
		resp.Body = io.NopCloser(&repeating{part: empty.Bytes(), limit: 256 << 20, read: &read})
		return resp, err
	}), unlimited)
	_, err := client.attempt(t.Context(), Query{Operation: OperationSweep}, client.root, func([]byte) error { return nil })
	if ReasonOf(err) != ReasonMalformed || read > maxBody+1<<20 {
		t.Errorf("%d bytes read: %v", read, err)
	}
}

// A repeating reader is the same part over and over.
type repeating struct {
	part  []byte
	at    int
	limit int
	read  *int
}

func (r *repeating) Read(b []byte) (int, error) {
	if *r.read >= r.limit {
		return 0, io.EOF
	}
	n := copy(b, r.part[r.at:])
	r.at = (r.at + n) % len(r.part)
	*r.read += n
	return n, nil
}

// TestHostileSignIn: no answer to a sign-in costs more than any other, the managed identity's
// included.
func TestHostileSignIn(t *testing.T) {
	t.Setenv("IDENTITY_ENDPOINT", "http://identity.test/token")
	t.Setenv("IDENTITY_HEADER", planted)
	bodies := hostileBodies(maxTokenBody - 1<<10)
	for name, body := range hostileBodies(2 * maxBody) {
		bodies[name+", too long"] = body
	}
	bodies["a long token"] = fmt.Sprintf(`{"token_type":"Bearer","expires_in":3600,"expires_on":"4000000000","access_token":%q}`, strings.Repeat("x", 32<<20))
	for name, body := range bodies {
		for _, credential := range []Credential{ClientSecret(func() (Secret, error) { return planted, nil }), ManagedIdentity()} {
			for _, status := range []int{http.StatusOK, http.StatusBadRequest} {
				client := connect(t, roundTrip(func(r *http.Request) (*http.Response, error) {
					return answer(r, status, body, "Content-Type: application/json")
				}), func(c *Config) { c.Credential = credential })
				var err error
				memory, cpu := cost(func() { _, err = client.Claims(t.Context()) })
				if memory > memoryOfOneAnswer || cpu > cpuOfOneAnswer || err == nil {
					t.Errorf("%s, %d, %T: %d MiB, %s, %v", name, status, credential, memory>>20, cpu, err)
				}
			}
		}
	}
}

// TestErrorBodyLimit: of an error that does not end no more is read than an error can be long, and
// nothing of it is shown: its end could be half a secret.
func TestErrorBodyLimit(t *testing.T) {
	var body *endlessBody
	client := connect(t, graphOnly(func(r *http.Request) (*http.Response, error) {
		resp, _ := answer(r, http.StatusBadRequest, "", "Content-Type: text/plain")
		body = &endlessBody{}
		resp.Body = body
		return resp, nil
	}))
	_, err := client.attempt(t.Context(), Query{Operation: OperationSweep}, client.root, nil)
	if err == nil || err.Reason != ReasonBadRequest || err.Message != "" || body.read > 4*maxErrorBody {
		t.Errorf("%d bytes read, %v", body.read, err)
	}
}

// TestLongBodiesOneByOne: however many answers are long, one of them is in memory at a time; short ones
// do not wait for it.
func TestLongBodiesOneByOne(t *testing.T) {
	for body, want := range map[string]int{many("", " ", "", 2*smallBody): 1, many("", " ", "", smallBody/2): 4} {
		bubble(t, func(t *testing.T) {
			client := connect(t, graphOnly(func(r *http.Request) (*http.Response, error) { return answer(r, http.StatusOK, body) }), unlimited)
			var held, most atomic.Int64
			var wg sync.WaitGroup
			for range 4 {
				wg.Go(func() {
					_, err := client.attempt(t.Context(), Query{}, client.root, func([]byte) error {
						most.Store(max(most.Load(), held.Add(1)))
						time.Sleep(time.Second)
						held.Add(-1)
						return nil
					})
					if err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			if most.Load() != int64(want) {
				t.Errorf("%d of %d bytes at once, want %d", most.Load(), len(body), want)
			}
		})
	}
}

// TestHeaderLimit: an answer with headers of more than 64 KiB is none.
func TestHeaderLimit(t *testing.T) {
	client := serve(t, signsIn(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Long", strings.Repeat("x", maxHeader))
		_, _ = io.WriteString(w, emptyBody)
	}))
	if _, err := client.attempt(t.Context(), Query{}, client.root, func([]byte) error { return nil }); ReasonOf(err) != ReasonUnreachable {
		t.Errorf("got %v", err)
	}
}

// TestCompressedNothingOverTheNetwork: the same through the default transport, which reads little more
// than it may.
func TestCompressedNothingOverTheNetwork(t *testing.T) {
	var empty bytes.Buffer
	_ = gzip.NewWriter(&empty).Close()
	part := bytes.Repeat(empty.Bytes(), 1000)
	var sent atomic.Int64
	client := serve(t, signsIn(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		for sent.Load() < 256<<20 {
			n, err := w.Write(part)
			if sent.Add(int64(n)); err != nil {
				return
			}
		}
	}))
	_, err := client.attempt(t.Context(), Query{}, client.root, func([]byte) error { return nil })
	if ReasonOf(err) != ReasonMalformed || sent.Load() > 4*maxBody {
		t.Errorf("%d bytes sent: %v", sent.Load(), err)
	}
}
