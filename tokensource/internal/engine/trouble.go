package engine

import "sync"

// A Trouble makes one report of what fails again and again in one cache.
type Trouble struct {
	mu       sync.Mutex
	reported bool
}

// Report reports whether a failure is the first since something was stored.
func (t *Trouble) Report() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	first := !t.reported
	t.reported = true
	return first
}

// Over says that something was stored.
func (t *Trouble) Over() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.reported = false
}
