// Package shelf keeps a bounded number of things, each until a time of its own.
package shelf

import (
	"container/heap"
	"sync"
	"time"
	"weak"

	"github.com/msalcae/msalcae/tokensource/internal/registry"
)

// A Shelf keeps values by key. A value leaves at its time, or when there are
// more than the bound and nobody has asked for it for longest. It has no
// goroutine; while it holds values that end, it has one timer, which does not
// keep the Shelf alive. Safe for concurrent use; looking takes no lock.
type Shelf[K comparable, V any] struct {
	items *registry.Registry[K, *item[K, V]]

	mu     sync.Mutex // held to change items
	ending ends[K, V]
	timer  *time.Timer
	due    time.Time // of the timer; zero: not set
}

type item[K comparable, V any] struct {
	key   K
	value V
	until time.Time // zero: as long as it is used
	index int       // in ending; -1: not there
}

// New returns a shelf for at most bound values. hash is as in registry.New.
func New[K comparable, V any](bound int, hash func(K) uint64) *Shelf[K, V] {
	s := &Shelf[K, V]{items: registry.New[K, *item[K, V]](bound, hash)}
	s.items.Left = func(e *registry.Entry[K, *item[K, V]]) { s.forget(e.Value) }
	return s
}

// Get returns the value of key, which has then been asked for. While others add
// and drop it may miss a value, which Add finds.
func (s *Shelf[K, V]) Get(key K) (value V, ok bool) {
	i, ok := s.items.Find(key)
	if !ok || i.ended(time.Now()) {
		return value, false
	}
	return i.value, true
}

// Add keeps value for key until the given time (zero: as long as it is asked
// for), unless there is one: then that one is returned.
func (s *Shelf[K, V]) Add(key K, value V, until time.Time) V {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sweep(time.Now())
	i := &item[K, V]{key: key, value: value, until: until, index: -1}
	if have := s.items.FindOr(key, func() *item[K, V] { return i }); have != i {
		return have.value
	}
	if !until.IsZero() {
		heap.Push(&s.ending, i)
	}
	s.arm()
	return value
}

// Drop removes the value of key and returns it.
func (s *Shelf[K, V]) Drop(key K) (value V, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i, ok := s.items.Drop(key)
	if !ok {
		return value, false
	}
	s.forget(i)
	return i.value, true
}

// Len returns how many values there are.
func (s *Shelf[K, V]) Len() int { return s.items.Len() }

// forget takes i, which has left, off the list of what ends. The caller holds mu.
func (s *Shelf[K, V]) forget(i *item[K, V]) {
	if i.index >= 0 {
		heap.Remove(&s.ending, i.index)
	}
}

// sweep removes what has ended.
func (s *Shelf[K, V]) sweep(now time.Time) {
	for len(s.ending) > 0 && s.ending[0].ended(now) {
		s.items.Drop(s.ending[0].key)
		s.forget(s.ending[0])
	}
}

// arm sets the timer for the value that ends first.
func (s *Shelf[K, V]) arm() {
	switch {
	case len(s.ending) == 0:
		if s.timer != nil {
			s.timer.Stop()
		}
		s.due = time.Time{}
		return
	case !s.due.IsZero() && !s.ending[0].until.Before(s.due):
		return
	}
	s.due = s.ending[0].until
	wait := max(time.Until(s.due), 0)
	if s.timer != nil {
		s.timer.Reset(wait)
		return
	}
	shelf := weak.Make(s)
	s.timer = time.AfterFunc(wait, func() {
		if s := shelf.Value(); s != nil {
			s.ring()
		}
	})
}

func (s *Shelf[K, V]) ring() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sweep(time.Now())
	s.due = time.Time{}
	s.arm()
}

func (i *item[K, V]) ended(now time.Time) bool { return !i.until.IsZero() && !i.until.After(now) }

// ends is a heap.Interface of the values that end, the first one at its top.
type ends[K comparable, V any] []*item[K, V]

func (e ends[K, V]) Len() int           { return len(e) }
func (e ends[K, V]) Less(i, j int) bool { return e[i].until.Before(e[j].until) }

func (e ends[K, V]) Swap(i, j int) {
	e[i], e[j] = e[j], e[i]
	e[i].index, e[j].index = i, j
}

func (e *ends[K, V]) Push(x any) {
	i := x.(*item[K, V])
	i.index = len(*e)
	*e = append(*e, i)
}

func (e *ends[K, V]) Pop() any {
	last := len(*e) - 1
	i := (*e)[last]
	(*e)[last] = nil
	*e = (*e)[:last]
	i.index = -1
	return i
}
