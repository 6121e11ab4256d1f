package main

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync"
)

// askAll returns what the tests say of each mutant, several at once.
func (j *judge) askAll(ctx context.Context, picked []*mutant, workers int) ([]verdict, error) {
	verdicts, failures := make([]verdict, len(picked)), make([]error, len(picked))
	next := make(chan int)
	var tasks sync.WaitGroup
	for range workers {
		tasks.Go(func() {
			for i := range next {
				verdicts[i], failures[i] = j.settle(ctx, picked[i])
			}
		})
	}
	for i := range picked {
		if ctx.Err() != nil {
			break
		}
		next <- i
	}
	close(next)
	tasks.Wait()
	return verdicts, errors.Join(append(failures, ctx.Err())...)
}

// settle returns what is known of a mutant, or else asks.
func (j *judge) settle(ctx context.Context, m *mutant) (verdict, error) {
	v, ok := j.settled(m)
	if ok || ctx.Err() != nil {
		return v, ctx.Err()
	}
	v, err := j.ask(ctx, m)
	if err == nil {
		j.say("%s:%d %s: %s", filepath.Join(m.pkg, m.file), m.line, strings.TrimPrefix(m.key(), m.pkg+" "), v.words())
	}
	return v, err
}
