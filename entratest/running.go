package entratest

import "sync"

// running counts requests that are being answered. A WaitGroup alone does not
// do: HTTP/2 may begin a handler while Close is waiting.
type running struct {
	mu     sync.Mutex
	closed bool
	group  sync.WaitGroup
}

// enter is false after wait has been called.
func (r *running) enter() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.closed {
		r.group.Add(1)
	}
	return !r.closed
}

func (r *running) leave() { r.group.Done() }

// wait lets nobody in any more and returns when all have left.
func (r *running) wait() {
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	r.group.Wait()
}
