package mirror

import (
	"flag"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

var modelQuiet = flag.Duration("model.quiet", 3*time.Hour, "simulated time of the quiet worlds")

// TestQuietWorld lets two worlds of the model live for hours in which little happens: a pull each half a
// minute, and about a dozen things an hour, of all that TestModel plays. What adds up slowly shows here. Run a
// month with -model.quiet=720h, as make month does.
func TestQuietWorld(t *testing.T) {
	for _, seed := range []uint64{1000, 1001} {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				m := newModel(seed, discard)
				m.start()
				defer func() {
					m.stop()
					time.Sleep(2 * requestLimit)
				}()
				if err := m.live(*modelQuiet); err != nil {
					t.Error(err)
				}
				t.Logf("%s, %d pulls, %d of them up", *modelQuiet, m.pulls, m.ups)
			})
		})
	}
}

// live lets so much time pass, and then compares the mirror with the truth.
func (m *model) live(d time.Duration) error {
	began, forgotten := time.Now(), time.Now()
	for time.Since(began) < d {
		time.Sleep(30 * time.Second)
		err := m.pull()
		if err == nil && m.rng.IntN(10) == 0 {
			err = m.step()
		}
		if err != nil {
			return fmt.Errorf("after %s: %w", time.Since(began), err)
		}
		if time.Since(forgotten) > 24*time.Hour && !m.faulty && time.Since(m.healed) > time.Hour {
			forgotten = time.Now()
			m.forgetOld(forgotten)
			m.tol.passes = m.tol.passes[max(0, len(m.tol.passes)-3000):]
		}
	}
	if m.ups < m.pulls/2 {
		return fmt.Errorf("only %d of %d pulls were up: the test shows nothing", m.ups, m.pulls)
	}
	return m.quiesce()
}
