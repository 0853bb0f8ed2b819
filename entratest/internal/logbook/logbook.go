// Package logbook keeps what a server has seen: counters and the latest records,
// for those who ask and those who wait.
package logbook

import (
	"slices"
	"sync"
)

// Most is how many records a Book remembers.
const Most = 10_000

// A Book has counters C and records R. The zero Book is empty. It has a lock of
// its own, so that counting waits for nothing else.
type Book[R, C any] struct {
	mu      sync.Mutex
	counts  C
	log     []R
	at      Place
	changed chan struct{} // closed at the next change; nil: nobody waits
}

// A Place is how far a book has come.
type Place struct {
	Records int // how many there ever were
	Clears  int
}

// Count changes the counters and wakes who waits for them.
func (b *Book[R, C]) Count(change func(*C)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	change(&b.counts)
	b.wake()
}

// Add adds a record.
func (b *Book[R, C]) Add(r R) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.log) >= 2*Most {
		b.log = append(b.log[:0], b.log[len(b.log)-Most+1:]...)
	}
	b.log = append(b.log, r)
	b.at.Records++
	b.wake()
}

// Clear forgets what was seen and wakes who waits, for whom nothing has come.
func (b *Book[R, C]) Clear() {
	b.mu.Lock()
	defer b.mu.Unlock()
	var none C
	b.log, b.counts = nil, none
	b.at.Clears++
	b.wake()
}

// wake wakes who waits. b.mu is held.
func (b *Book[R, C]) wake() {
	if b.changed != nil {
		close(b.changed)
		b.changed = nil
	}
}

// Read shows the counters to look, which must not keep them, and returns where
// the book is at that time.
func (b *Book[R, C]) Read(look func(*C)) Place {
	b.mu.Lock()
	defer b.mu.Unlock()
	look(&b.counts)
	return b.at
}

// Await is Read for who waits: the channel is closed at the next change.
func (b *Book[R, C]) Await(look func(*C)) (changed <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	look(&b.counts)
	return b.next()
}

// next is closed at the next change. b.mu is held.
func (b *Book[R, C]) next() <-chan struct{} {
	if b.changed == nil {
		b.changed = make(chan struct{})
	}
	return b.changed
}

// Latest returns a copy of the latest records, and how many there ever were.
func (b *Book[R, C]) Latest() ([]R, int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.log[max(0, len(b.log)-Most):]), b.at.Records
}

// After returns the records after the first n that ever were, as far as they are
// remembered, how many there ever were, and a channel that is closed at the next
// change.
func (b *Book[R, C]) After(n int) (news []R, logged int, changed <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	missing := max(0, min(b.at.Records-n, len(b.log), Most))
	return slices.Clone(b.log[len(b.log)-missing:]), b.at.Records, b.next()
}
