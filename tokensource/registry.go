package tokensource

import (
	"container/list"
	"sync"
)

// maxSources bounds the sources that one client remembers.
const maxSources = 10_000

// A registry hands out one Source for equal keys, so that a handler may ask
// for its source on every request. Of more than its bound the least recently
// used leave: those who hold such a source go on using it, but no longer share
// its state with those who ask again.
type registry[K comparable] struct {
	bound int

	mu      sync.Mutex
	entries map[K]*list.Element // of registered[K]
	recent  list.List           // front: used last
}

type registered[K comparable] struct {
	key    K
	source *Source
}

func newRegistry[K comparable](bound int) *registry[K] {
	return &registry[K]{bound: bound, entries: map[K]*list.Element{}}
}

// source returns the source of key, which create makes if there is none.
func (r *registry[K]) source(key K, create func() *Source) *Source {
	r.mu.Lock()
	defer r.mu.Unlock()
	if e, ok := r.entries[key]; ok {
		r.recent.MoveToFront(e)
		return e.Value.(registered[K]).source
	}
	s := create()
	r.entries[key] = r.recent.PushFront(registered[K]{key, s})
	if len(r.entries) > r.bound {
		oldest := r.recent.Back()
		r.recent.Remove(oldest)
		delete(r.entries, oldest.Value.(registered[K]).key)
	}
	return s
}

// matching returns the entries whose keys match, most recently used first.
func (r *registry[K]) matching(match func(K) bool) []registered[K] {
	r.mu.Lock()
	defer r.mu.Unlock()
	var found []registered[K]
	for e := r.recent.Front(); e != nil; e = e.Next() {
		if en := e.Value.(registered[K]); match(en.key) {
			found = append(found, en)
		}
	}
	return found
}
