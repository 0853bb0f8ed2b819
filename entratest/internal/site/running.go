package site

import "sync"

// Running counts requests that are being answered. A WaitGroup alone does not
// do: HTTP/2 may begin a handler while Close is waiting.
type Running struct {
	mu     sync.Mutex
	closed bool
	group  sync.WaitGroup
}

// Enter is false after Wait has been called.
func (r *Running) Enter() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.closed {
		r.group.Add(1)
	}
	return !r.closed
}

// Leave follows an Enter that was true.
func (r *Running) Leave() { r.group.Done() }

// Wait lets nobody in any more and returns when all have left.
func (r *Running) Wait() {
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	r.group.Wait()
}
