package entratest

import (
	"context"
	"fmt"
	"net/http"
)

// Wait returns nil as soon as enough says yes to the counters, ctx's error if
// that ends first, and http.ErrServerClosed, wrapped, if the server does: nothing
// comes any more.
func (s *Server) Wait(ctx context.Context, enough func(Stats) bool) error {
	return s.wait(ctx, func(c *counters) func() bool {
		stats := c.Stats
		return func() bool { return enough(stats) } // without the lock: it may ask the server
	})
}

// WaitTokenRequests returns nil once n token requests have arrived, and an error
// as Wait does.
func (s *Server) WaitTokenRequests(ctx context.Context, n int) error {
	return s.WaitRequests(ctx, TokenEndpoint, n)
}

// WaitRequests returns nil once n requests for the endpoint have arrived,
// answered or not, and an error as Wait does.
func (s *Server) WaitRequests(ctx context.Context, e Endpoint, n int) error {
	return s.wait(ctx, func(c *counters) func() bool {
		arrived := c.perEndpoint[e]
		return func() bool { return arrived >= n }
	})
}

// wait returns when a look says yes. look is called with the lock, what it
// returns without.
func (s *Server) wait(ctx context.Context, look func(*counters) func() bool) error {
	for {
		var enough func() bool
		changed := s.recorder.Await(func(c *counters) { enough = look(c) })
		if enough() {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		case <-s.ctx.Done():
			return fmt.Errorf("entratest: what was waited for did not come: %w", http.ErrServerClosed)
		}
	}
}
