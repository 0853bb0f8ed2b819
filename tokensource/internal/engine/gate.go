package engine

import (
	"context"
	"time"
)

// A Gate lets one prompt at a time through, and remembers how they ended: what is
// behind it is one person.
type Gate struct {
	turn  chan struct{}
	peace peace
}

// NewGate returns an open gate.
func NewGate() *Gate { return &Gate{turn: make(chan struct{}, 1)} }

// enter waits for its turn, at most for limit. It reports whether it had to
// wait and whether the turn came; whose came calls leave.
func (g *Gate) enter(limit time.Duration) (waited, ok bool) {
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

func (g *Gate) leave() { <-g.turn }

// Pass waits for the gate and returns what lets the next one through. err is that
// of ctx, if it ends first.
func (g *Gate) Pass(ctx context.Context) (leave func(), err error) {
	select {
	case g.turn <- struct{}{}:
		return func() { <-g.turn }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
