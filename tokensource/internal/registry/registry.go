// Package registry hands out one value for equal keys.
package registry

import (
	"cmp"
	"hash/maphash"
	"slices"
	"sync"
	"sync/atomic"
)

// A Registry hands out one value for equal keys, so that a handler may ask for
// its token source on every request. Of more than its bound those that were not
// asked for for longest leave: those who hold such a source go on using it, but
// no longer share its state with those who ask again. Safe for concurrent use.
//
// Lookups take no lock: a table of chains is read while it changes. A lookup
// that a change led astray finds nothing, and is repeated under the lock.
type Registry[K comparable, V any] struct {
	// Left is told which entries leave because there are too many. It is set
	// before the first use, and must not come back. nil: nobody is told.
	Left func(*Entry[K, V])

	bound int
	hash  func(K) uint64
	table atomic.Pointer[[]chain[K, V]] // its length is a power of two
	came  atomic.Uint64                 // counts the values that came: the time by which use is told

	mu   sync.Mutex // held to change the table
	size int
}

type chain[K comparable, V any] struct {
	first atomic.Pointer[Entry[K, V]]
}

// An Entry is a value with its key. Neither changes.
type Entry[K comparable, V any] struct {
	Key   K
	Value V

	hash uint64
	used atomic.Uint64 // Registry.came when it came; when it was asked for last, and one
	next atomic.Pointer[Entry[K, V]]
}

// HashString is a hash of keys that are strings.
func HashString(key string) uint64 { return maphash.String(seed, key) }

// HashBytes is a hash of keys that are bytes.
func HashBytes(key []byte) uint64 { return maphash.Bytes(seed, key) }

var seed = maphash.MakeSeed()

// New returns a registry of about bound values at most. hash may leave out what
// few keys differ by; if keys come from strangers, they must not foresee it.
func New[K comparable, V any](bound int, hash func(K) uint64) *Registry[K, V] {
	r := &Registry[K, V]{bound: bound, hash: hash}
	table := make([]chain[K, V], 8)
	r.table.Store(&table)
	return r
}

// Find returns the value of key, if there is one.
func (r *Registry[K, V]) Find(key K) (value V, ok bool) {
	hash := r.hash(key)
	table := *r.table.Load()
	for e := table[hash&uint64(len(table)-1)].first.Load(); e != nil; e = e.next.Load() {
		if e.hash == hash && e.Key == key {
			r.use(e)
			return e.Value, true
		}
	}
	return value, false
}

// use notes that e was asked for since the last value came. Callers who ask
// again and again write nothing, and nothing that others read.
func (r *Registry[K, V]) use(e *Entry[K, V]) {
	if now := r.came.Load() | 1; e.used.Load() != now {
		e.used.Store(now)
	}
}

// FindOr returns the value of key, which create makes if there is none.
func (r *Registry[K, V]) FindOr(key K, create func() V) V {
	if v, ok := r.Find(key); ok {
		return v
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if v, ok := r.Find(key); ok {
		return v
	}
	e := &Entry[K, V]{Key: key, Value: create(), hash: r.hash(key)}
	e.used.Store(r.came.Add(2))
	if r.size++; r.size > len(*r.table.Load()) {
		r.grow()
	}
	r.link(*r.table.Load(), e)
	if r.size > r.bound {
		r.shrink()
	}
	return e.Value
}

// Drop removes the value of key and returns it.
func (r *Registry[K, V]) Drop(key K) (value V, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	hash, table := r.hash(key), *r.table.Load()
	for e := table[hash&uint64(len(table)-1)].first.Load(); e != nil; e = e.next.Load() {
		if e.hash == hash && e.Key == key {
			r.unlink(e)
			return e.Value, true
		}
	}
	return value, false
}

// Len returns how many values there are.
func (r *Registry[K, V]) Len() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.size
}

// link puts e at the front of its chain in table.
func (r *Registry[K, V]) link(table []chain[K, V], e *Entry[K, V]) {
	first := &table[e.hash&uint64(len(table)-1)].first
	e.next.Store(first.Load())
	first.Store(e)
}

// grow doubles the table.
func (r *Registry[K, V]) grow() {
	table := make([]chain[K, V], 2*len(*r.table.Load()))
	for _, e := range r.all() {
		r.link(table, e)
	}
	r.table.Store(&table)
}

// shrink takes out those that were not asked for for longest: one, or of many a
// few at once, as looking for them means to look at all.
func (r *Registry[K, V]) shrink() {
	all := r.all()
	slices.SortFunc(all, func(a, b *Entry[K, V]) int { return cmp.Compare(a.used.Load(), b.used.Load()) })
	for _, e := range all[:max(r.size-r.bound, r.bound/64)] {
		r.unlink(e)
		if r.Left != nil {
			r.Left(e)
		}
	}
}

func (r *Registry[K, V]) unlink(e *Entry[K, V]) {
	table := *r.table.Load()
	at := &table[e.hash&uint64(len(table)-1)].first
	for at.Load() != e {
		at = &at.Load().next
	}
	at.Store(e.next.Load())
	r.size--
}

// all returns the entries in no order. The caller holds mu.
func (r *Registry[K, V]) all() []*Entry[K, V] {
	entries := make([]*Entry[K, V], 0, r.size)
	table := *r.table.Load()
	for i := range table {
		for e := table[i].first.Load(); e != nil; e = e.next.Load() {
			entries = append(entries, e)
		}
	}
	return entries
}

// Matching returns the entries whose keys match, most recently used first.
func (r *Registry[K, V]) Matching(match func(K) bool) []*Entry[K, V] {
	r.mu.Lock()
	defer r.mu.Unlock()
	found := slices.DeleteFunc(r.all(), func(e *Entry[K, V]) bool { return !match(e.Key) })
	slices.SortFunc(found, func(a, b *Entry[K, V]) int { return cmp.Compare(b.used.Load(), a.used.Load()) })
	return found
}
