package cache

import (
	"bytes"
	"context"
	"slices"
	"sync"
	"time"
)

// Memory is a [Store] in the memory of the process: for tests, and for programs
// whose clients are to share tokens with one another but with no other process.
// The zero value is an empty one. Safe for concurrent use; it must not be
// copied after first use.
type Memory struct {
	mu      sync.Mutex
	records map[string]kept
	locks   map[string]chan struct{} // full while held
}

type kept struct {
	data []byte
	ends time.Time
}

// Load implements [Store].
func (m *Memory) Load(ctx context.Context, name string) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if data := m.current(name); data != nil {
		return slices.Clone(data), nil
	}
	return nil, ErrNotFound
}

// Swap implements [Store].
func (m *Memory) Swap(ctx context.Context, name string, old, next []byte, ttl time.Duration) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if cur := m.current(name); !bytes.Equal(cur, old) || (cur == nil) != (old == nil) {
		return ErrConflict
	}
	if next == nil {
		delete(m.records, name)
		return nil
	}
	if m.records == nil {
		m.records = map[string]kept{}
	}
	m.records[name] = kept{slices.Clone(next), time.Now().Add(ttl)}
	return nil
}

// current returns the record, nil if there is none. The caller holds m.mu.
func (m *Memory) current(name string) []byte {
	r, ok := m.records[name]
	if ok && !time.Now().Before(r.ends) {
		delete(m.records, name)
		return nil
	}
	return r.data
}

// Delete implements [Store].
func (m *Memory) Delete(ctx context.Context, names ...string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, name := range names {
		delete(m.records, name)
	}
	return nil
}

// Lock implements [Store]. There is no other process that could have stopped,
// so that it never fails with ErrStalled.
func (m *Memory) Lock(ctx context.Context, name string) (unlock func(), err error) {
	m.mu.Lock()
	if m.locks == nil {
		m.locks = map[string]chan struct{}{}
	}
	held, ok := m.locks[name]
	if !ok {
		held = make(chan struct{}, 1)
		m.locks[name] = held
	}
	m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case held <- struct{}{}:
		return func() { <-held }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
