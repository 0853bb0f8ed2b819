package entratest

// A shelf is a map that forgets its oldest entries, so that no client can fill
// the memory of a server that runs for long.
type shelf[V any] struct {
	max     int
	entries map[string]V
	order   []string
}

func newShelf[V any](max int) *shelf[V] {
	return &shelf[V]{max: max, entries: map[string]V{}}
}

func (s *shelf[V]) put(key string, v V) {
	if _, there := s.entries[key]; !there {
		s.order = append(s.order, key)
	}
	s.entries[key] = v
	for len(s.order) > s.max {
		delete(s.entries, s.order[0])
		s.order = s.order[1:]
	}
}

func (s *shelf[V]) get(key string) (V, bool) {
	v, ok := s.entries[key]
	return v, ok
}

func (s *shelf[V]) drop(key string) {
	delete(s.entries, key) // its place in order goes in turn
}
