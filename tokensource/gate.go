package tokensource

import (
	"context"
	"time"
)

// A gate lets one prompt at a time through.
type gate struct {
	turn  chan struct{}
	peace peace
}

func newGate() *gate { return &gate{turn: make(chan struct{}, 1)} }

// enter waits for its turn, at most for limit. It reports whether it had to
// wait and whether the turn came; whose came calls leave.
func (g *gate) enter(limit time.Duration) (waited, ok bool) {
	select {
	case g.turn <- struct{}{}:
		return false, true
	default:
	}
	t := time.NewTimer(limit)
	defer t.Stop()
	select {
	case g.turn <- struct{}{}:
		return true, true
	case <-t.C:
		return true, false
	}
}

func (g *gate) leave() { <-g.turn }

// pass waits for the gate and returns what lets the next one through.
func (g *gate) pass(ctx context.Context) (leave func(), err error) {
	select {
	case g.turn <- struct{}{}:
		return func() { <-g.turn }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
