// Package shelf is the memory of entratest: bounded, whoever fills it.
package shelf

import "iter"

// A Shelf is a map that forgets its oldest entries, so that no client can fill
// the memory of a server that runs for long. Its users lock it.
type Shelf[V any] struct {
	max     int
	entries map[string]V
	order   []string
}

// New returns a shelf of max entries.
func New[V any](max int) *Shelf[V] {
	return &Shelf[V]{max: max, entries: map[string]V{}}
}

// Put adds an entry, or replaces it at its place.
func (s *Shelf[V]) Put(key string, v V) {
	if _, there := s.entries[key]; !there {
		s.order = append(s.order, key)
	}
	s.entries[key] = v
	for len(s.order) > s.max {
		delete(s.entries, s.order[0])
		s.order = s.order[1:]
	}
}

// Get returns an entry, if it is there.
func (s *Shelf[V]) Get(key string) (V, bool) {
	v, ok := s.entries[key]
	return v, ok
}

// Drop takes an entry away. Its key must not be used again.
func (s *Shelf[V]) Drop(key string) {
	delete(s.entries, key) // its place in order goes in turn
}

// All yields the entries, the oldest first.
func (s *Shelf[V]) All() iter.Seq2[string, V] {
	return func(yield func(string, V) bool) {
		for _, key := range s.order {
			if v, ok := s.entries[key]; ok && !yield(key, v) {
				return
			}
		}
	}
}

// Len returns how many entries there are.
func (s *Shelf[V]) Len() int { return len(s.entries) }
