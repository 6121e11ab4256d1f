package mirror

import (
	"context"
	"errors"
	"time"
)

// A watch cancels a refresh that gets no answer for [refreshLimit].
type watch struct {
	cause  func() error // why the context ended
	cancel context.CancelCauseFunc
	timer  *time.Timer
}

// newWatch returns a context that ends when the watch does or when nobody calls
// progressed for too long.
func newWatch(ctx context.Context) (context.Context, *watch) {
	ctx, cancel := context.WithCancelCause(ctx)
	w := &watch{cause: func() error { return context.Cause(ctx) }, cancel: cancel}
	w.timer = time.AfterFunc(refreshLimit, func() { cancel(errStalled) })
	return ctx, w
}

// progressed says that an answer came. It may be called at any time.
func (w *watch) progressed() { w.timer.Reset(refreshLimit) }

func (w *watch) stop() {
	w.timer.Stop()
	w.cancel(nil)
}

// explain returns why the pass ended: the watch's own reason before the error that
// came of it.
func (w *watch) explain(err error) error {
	if errors.Is(w.cause(), errStalled) {
		return errStalled
	}
	return err
}
