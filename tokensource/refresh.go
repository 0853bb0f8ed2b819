package tokensource

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/msalcae/msalcae"
)

// A failed background refresh is tried again after refreshBackoff, doubling up
// to maxRefreshBackoff, give or take a fifth.
const (
	refreshBackoff    = 30 * time.Second
	maxRefreshBackoff = 5 * time.Minute
)

// refresh starts a background refresh of e, which is due, unless another
// caller just did. It never prompts, and nobody waits for it.
func (s *Source) refresh(e *entry, trace *msalcae.Trace) {
	s.replaceLater(e, trace, "ordinary", func() *flight { return &flight{} })
}

// renewSoon seeks another token than e, which a plain 401 has put in doubt.
func (s *Source) renewSoon(e *entry) {
	s.replaceLater(e, nil, "fresh", func() *flight { return &flight{fresh: true} })
}

func (s *Source) replaceLater(e *entry, trace *msalcae.Trace, purpose string, describe func() *flight) {
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current.Load() != e || s.state.pending != nil || now.UnixNano() < e.tried.Load() {
		return
	}
	wait := e.backoff()
	e.tried.Store(now.Add(wait).UnixNano())
	e.refreshAt.Store(max(e.refreshAt.Load(), now.Add(wait).UnixNano()))
	f, _, _ := s.join(purpose, func() *flight {
		f := describe()
		f.trace = nil
		return f
	}, func(f *flight) (*entry, error) {
		start := time.Now()
		tok, err := s.request(f, f.claims(false))
		got, err := s.land(f, tok, err, true)
		if trace != nil && trace.Refreshed != nil {
			info := msalcae.RefreshedInfo{Took: time.Since(start), Err: err}
			if got != nil {
				info.ExpiresOn = got.tok.ExpiresOn
			}
			trace.Refreshed(context.Background(), info)
		}
		return got, err
	})
	f.waiters.Add(-1)
}

// backoff is how long to wait until another attempt to replace e, if the one
// that is about to begin brings nothing.
func (e *entry) backoff() time.Duration {
	d := min(refreshBackoff<<min(e.tries, 8), maxRefreshBackoff)
	e.tries++
	return time.Duration(float64(d) * (0.8 + 0.4*rand.Float64()))
}
