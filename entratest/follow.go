package entratest

import (
	"context"
	"iter"
	"math"
)

// Follow yields every request as it is recorded, from now on until ctx ends or
// the server is closed. Who takes longer than it takes to record 10000 requests
// misses the oldest. It may be called concurrently, and each call sees all.
func (s *Server) Follow(ctx context.Context) iter.Seq[Request] {
	_, from, _ := s.recorder.After(math.MaxInt)
	return func(yield func(Request) bool) {
		for {
			news, logged, changed := s.recorder.After(from)
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
