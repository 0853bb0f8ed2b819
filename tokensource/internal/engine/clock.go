package engine

import (
	"sync/atomic"
	"time"
)

// clockStep is how far ahead of the time a clock may be.
const clockStep = time.Second

// A Clock spares callers who come often a look at the wall clock, which costs
// more than all else that is done for them. It is shared by the sources over
// one client. The zero value is ready, and costs nothing while nobody asks.
type Clock struct {
	ahead atomic.Int64 // Unix ns that have not passed yet; 0: the wall clock must be read
}

// latest returns a time, in Unix ns, that has not passed yet and is at most
// clockStep away. What holds then holds now, as far as time takes it away. A
// machine that was asleep, or whose clock was set, may be wrong about that for
// clockStep.
func (c *Clock) latest() int64 {
	if t := c.ahead.Load(); t != 0 {
		return t
	}
	end := time.Now().Add(clockStep)
	t := end.UnixNano()
	if c.ahead.CompareAndSwap(0, t) {
		time.AfterFunc(time.Until(end), func() { c.ahead.Store(0) }) // a busy machine may have held us up since
	}
	return t
}
