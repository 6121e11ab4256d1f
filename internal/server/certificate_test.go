package server

import (
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"msgraph_security_exporter/graphclient/graphsim"
	"msgraph_security_exporter/internal/graphtest"
)

const expiry = "msgraph_security_credential_expiry_timestamp_seconds"

// TestRotatedCertificate shows that a certificate is replaced in a running exporter: no pull
// fails while its file is half written, and the metrics tell when the one in use ends, and that it is not
// the one in the file.
func TestRotatedCertificate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		old, next := graphtest.NewPair(t, time.Unix(2_000_000_000, 0)), graphtest.NewPair(t, time.Unix(2_100_000_000, 0))
		var accepted atomic.Pointer[graphtest.Pair]
		accepted.Store(&old)
		g := inProcess(t, "http://127.0.0.1:1", graphsim.Config{TokenLifetime: 5 * time.Minute, CheckAssertion: func(a string) error {
			return accepted.Load().Signed(a)
		}})
		graphtest.Write(t, g.SecretFile, string(old.Certificate)+string(old.Key))
		log := newLogBuffer()
		f := inBubble(t, graphtest.Configure(t, strings.Replace(g.Entry("contoso"), "client_secret_file", "client_certificate_file", 1)), log, g)
		f.pull(t, "contoso", "10")
		// good pulls for as long as three tokens live.
		good := func(want, fallback float64) {
			t.Helper()
			g.ForgetRequests()
			var got page
			for range 90 {
				time.Sleep(10 * time.Second)
				got, _ = f.pull(t, "contoso", "10")
				got.expect(t, "msgraph_security_up", 1)
			}
			got.expect(t, expiry+`{kind="certificate"}`, want)
			got.expect(t, "msgraph_security_credential_fallback", fallback)
			if n := signIns(g); n < 3 {
				t.Errorf("got %d sign-ins, want some of each state of the file", n)
			}
		}
		good(2_000_000_000, 0)
		graphtest.Write(t, g.SecretFile, string(next.Certificate)+string(next.Key)[:900])
		good(2_000_000_000, 1)
		graphtest.Write(t, g.SecretFile, string(next.Certificate)+string(next.Key))
		good(2_000_000_000, 1) // the new one is read, but not accepted yet
		accepted.Store(&next)
		good(2_100_000_000, 0)
		if text, _ := log.read(); !strings.Contains(text, "The configured credential cannot be used") {
			t.Errorf("does not tell of the file that is half written:\n%s", text)
		}
	})
}
