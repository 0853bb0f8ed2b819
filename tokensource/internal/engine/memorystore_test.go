package engine

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/msalcae/msalcae"
)

// A memoryStore is a store that sources of one test share as if each were
// another process. Set its fields before its use.
type memoryStore struct {
	latency time.Duration // of each use
	life    time.Duration // of a lease whose holder does not end it; zero: for ever
	broken  func(op string) error

	mu      sync.Mutex
	record  Record
	leases  map[string]*struct{} // identity of the holder, by name
	changed chan struct{}
	uses    int
}

func newMemoryStore() *memoryStore {
	return &memoryStore{leases: map[string]*struct{}{}, changed: make(chan struct{})}
}

var errStoreDown = errors.New("the disk is full")

func (m *memoryStore) use(ctx context.Context, op string) error {
	m.mu.Lock()
	m.uses++
	broken := m.broken
	m.mu.Unlock()
	time.Sleep(m.latency)
	if broken != nil {
		if err := broken(op); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// wake tells whoever waits. The caller holds mu.
func (m *memoryStore) wake() {
	close(m.changed)
	m.changed = make(chan struct{})
}

func (m *memoryStore) add(n News) Record {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.record = m.record.With(n, time.Now())
	m.wake()
	return m.record
}

func (m *memoryStore) Tell(ctx context.Context, n News) (Record, error) {
	if err := m.use(ctx, "tell"); err != nil {
		return Record{}, err
	}
	return m.add(n), nil
}

func (m *memoryStore) Lease(ctx context.Context, name string, wait time.Duration, n News, useful func(Record) bool) (Record, EndLease, error) {
	if err := m.use(ctx, "lease"); err != nil {
		return Record{}, nil, err
	}
	patience := time.NewTimer(wait)
	defer patience.Stop()
	for r := m.add(n); ; {
		if useful(r) {
			return r, nil, nil
		}
		m.mu.Lock()
		if m.leases[name] == nil {
			holder := new(struct{})
			m.leases[name] = holder
			r = m.record
			m.mu.Unlock()
			if m.life > 0 {
				time.AfterFunc(m.life, func() { m.drop(name, holder) })
			}
			return r, func(ctx context.Context, n News) (Record, error) {
				defer m.drop(name, holder)
				return m.Tell(ctx, n)
			}, nil
		}
		changed := m.changed
		m.mu.Unlock()
		select {
		case <-changed:
		case <-patience.C:
			return r, nil, ErrBusy
		case <-ctx.Done():
			return r, nil, ctx.Err()
		}
		m.mu.Lock()
		r = m.record
		m.mu.Unlock()
	}
}

// drop ends the lease of holder, as its death does.
func (m *memoryStore) drop(name string, holder *struct{}) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.leases[name] == holder {
		delete(m.leases, name)
		m.wake()
	}
}

// kill ends all leases: their holders have died.
func (m *memoryStore) kill() {
	m.mu.Lock()
	defer m.mu.Unlock()
	clear(m.leases)
	m.wake()
}

// stop leaves the lease of name with a holder that was stopped, and forgets what
// was shared before.
func (m *memoryStore) stop(name string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.leases[name], m.record = new(struct{}), Record{}
}

func (m *memoryStore) snapshot() Record {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.record
}

func (m *memoryStore) used() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.uses
}

// storeLimit is the limit of the stores of tests.
const storeLimit = 50 * time.Millisecond

// process returns a Source that shares m with others as if it were in a process
// of its own.
func process(m Store, acquire Acquirer) *source {
	return newSource(Flow{Acquire: acquire, Store: Guarded(m, storeLimit, nil)})
}

// watched counts the reports of CacheFailed.
func watched(n *int) *msalcae.Trace {
	return &msalcae.Trace{CacheFailed: func(context.Context, msalcae.CacheFailedInfo) { *n++ }}
}
