package engine

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/msalcae/msalcae"
)

// A failed background refresh is tried again after refreshBackoff, doubling up
// to maxRefreshBackoff, give or take a fifth, or when Entra says.
const (
	refreshBackoff    = 30 * time.Second
	maxRefreshBackoff = 5 * time.Minute
)

// refreshIfDue starts a background refresh of e if one is due.
func (s *Source) refreshIfDue(e *entry, trace *msalcae.Trace, limits Limits) {
	if time.Now().UnixNano() >= e.refreshAt.Load() {
		s.refresh(e, trace, limits)
	}
}

// refresh starts a background refresh of e, which is due, unless another
// caller just did. It never prompts, and nobody waits for it.
func (s *Source) refresh(e *entry, trace *msalcae.Trace, limits Limits) {
	s.replaceLater(e, trace, limits, false)
}

// renewSoon seeks another token than e, which a plain 401 has put in doubt: what
// a cache has will not do.
func (s *Source) renewSoon(e *entry, limits Limits) { s.replaceLater(e, nil, limits, true) }

func (s *Source) replaceLater(e *entry, trace *msalcae.Trace, limits Limits, fresh bool) {
	now := time.Now()
	s.lock()
	defer s.unlock()
	if s.current.Load() != e || now.UnixNano() < e.tried.Load() {
		return
	}
	e.notBefore(now.Add(e.backoff()))
	w := &want{req: msalcae.TokenRequest{Trace: trace}, limits: limits}
	f, _ := s.join(s.state.purposeOf(w, fresh), func() *flight { return s.describe(w, fresh) }, func(f *flight) (*entry, error) {
		start := time.Now()
		got, err := s.silently(f)
		if wait := pauseAfter(err); wait > 0 {
			e.notBefore(time.Now().Add(wait))
		}
		if trace != nil && trace.Refreshed != nil {
			info := msalcae.RefreshedInfo{Took: time.Since(start), Err: outward(err)}
			if got != nil {
				info.ExpiresOn = got.tok.ExpiresOn
			}
			Aside(func() { trace.Refreshed(context.Background(), info) })
		}
		return got, err
	})
	f.waiters.Add(-1)
}

// notBefore puts off the next attempt to replace e.
func (e *entry) notBefore(t time.Time) {
	at := max(e.tried.Load(), t.UnixNano())
	e.tried.Store(at)
	e.refreshAt.Store(max(e.refreshAt.Load(), at))
}

// backoff is how long to wait until another attempt to replace e, if the one
// that is about to begin brings nothing.
func (e *entry) backoff() time.Duration {
	d := min(refreshBackoff<<e.tries, maxRefreshBackoff)
	e.tries = min(e.tries+1, 8)
	return time.Duration(float64(d) * (0.8 + 0.4*rand.Float64()))
}
