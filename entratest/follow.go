package entratest

import (
	"context"
	"iter"
	"math"
	"slices"
)

// Follow yields every request as it is recorded, from now on until ctx ends or
// the server is closed. Who takes longer than it takes to record 10000 requests
// misses the oldest. It may be called concurrently, and each call sees all.
func (s *Server) Follow(ctx context.Context) iter.Seq[Request] {
	_, from, _ := s.recorder.after(math.MaxInt)
	return func(yield func(Request) bool) {
		for {
			news, logged, changed := s.recorder.after(from)
			from = logged
			for _, r := range news {
				if !yield(r) {
					return
				}
			}
			select {
			case <-changed:
			case <-ctx.Done():
				return
			case <-s.ctx.Done():
				return
			}
		}
	}
}

// after returns the requests after the first n that ever were, as far as they
// are remembered, how many there ever were, and a channel that is closed at the
// next change.
func (r *recorder) after(n int) (news []Request, logged int, changed <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.changed == nil {
		r.changed = make(chan struct{})
	}
	missing := max(0, min(r.logged-n, len(r.log), maxLog))
	return slices.Clone(r.log[len(r.log)-missing:]), r.logged, r.changed
}
