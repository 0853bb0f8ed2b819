package engine

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/internal/inflight"
)

// overdue is how much longer than its context a flow may take before it is left
// behind.
const overdue = time.Second

// limited runs acquire with a time limit, and turns what no caller should have
// to handle into errors: a panic, an answer of nothing, a call that does not
// end when its context does. late says what is wrong when that took the limit.
func limited(acquire Acquirer, req msalcae.TokenRequest, limit time.Duration, late string) (*msalcae.Token, error) {
	ctx, cancel := context.WithTimeout(inflight.Mark(context.Background()), limit)
	defer cancel()
	type result struct {
		tok *msalcae.Token
		err error
	}
	done := make(chan result, 1)
	go func() {
		var r result
		defer func() {
			if p := recover(); p != nil {
				r = result{nil, panicked(p)}
			}
			done <- r
		}()
		makeRoom()
		tok, err := acquire(ctx, req)
		lookAt(err)
		r = result{tok, err}
	}()
	var r result
	select {
	case r = <-done:
	case <-ctx.Done():
		grace := time.NewTimer(overdue)
		defer grace.Stop()
		select {
		case r = <-done:
		case <-grace.C:
			r.err = ctx.Err()
		}
	}
	switch {
	case r.err != nil && ctx.Err() != nil && errors.Is(r.err, ctx.Err()):
		return nil, &msalcae.Error{Err: &lateError{late, limit}}
	case r.err != nil:
		return nil, r.err
	case r.tok == nil || r.tok.Value == "":
		return nil, msalcae.ErrNoToken
	}
	return r.tok, nil
}

// lookAt looks at an error as the flight and its callers will: one that panics,
// such as a nil pointer, does so here.
func lookAt(err error) {
	if err != nil {
		_ = err.Error()
		_, _ = RetryDelay(err)
		_ = errors.Is(err, msalcae.ErrInteractionRequired)
	}
}

// A lateError says that a limit of the engine's own was reached, where others'
// deadlines are trouble on the way.
type lateError struct {
	what  string
	limit time.Duration
}

func (e *lateError) Error() string {
	return fmt.Sprintf("%s within %s: %s", e.what, e.limit, context.DeadlineExceeded)
}

func (e *lateError) Unwrap() error { return context.DeadlineExceeded }

// panicked describes a panic without its value, which may hold a secret.
func panicked(p any) error {
	text := fmt.Sprintf("a value of type %T", p)
	if e, ok := p.(runtime.Error); ok {
		text = e.Error()
	}
	return &msalcae.Error{Err: fmt.Errorf("msalcae: obtaining a token panicked (%s); this is a bug below msalcae", text)}
}
