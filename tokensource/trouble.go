package tokensource

import "sync"

// A trouble makes one report of what fails again and again in one cache.
type trouble struct {
	mu       sync.Mutex
	reported bool
}

// report reports whether a failure is the first since something was stored.
func (t *trouble) report() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	first := !t.reported
	t.reported = true
	return first
}

func (t *trouble) over() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.reported = false
}
