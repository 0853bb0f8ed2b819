package cache_test

import (
	"bytes"
	"context"
	"sync"
	"testing"
	"time"

	"github.com/msalcae/msalcae/cache"
	"github.com/stretchr/testify/require"
)

// A faulty Store is one of memory that others may look into, change and break.
type faulty struct {
	cache.Memory
	mu    sync.Mutex
	data  map[string][]byte
	fail  error // of every Load and Swap
	panic bool
	aside int // records set aside
}

func (f *faulty) Load(ctx context.Context, name string) ([]byte, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.panic {
		panic("secret")
	}
	if f.fail != nil {
		return nil, f.fail
	}
	return f.Memory.Load(ctx, name)
}

func (f *faulty) Swap(ctx context.Context, name string, old, next []byte, ttl time.Duration) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fail != nil {
		return f.fail
	}
	if err := f.Memory.Swap(ctx, name, old, next, ttl); err != nil {
		return err
	}
	if f.data == nil {
		f.data = map[string][]byte{}
	}
	f.data[name] = bytes.Clone(next)
	return nil
}

func (f *faulty) SetAside(ctx context.Context, name string, data []byte) error {
	f.aside++
	return f.Memory.Swap(ctx, name, data, nil, time.Hour)
}

// put replaces a record, whatever it is.
func (f *faulty) put(t *testing.T, name string, data []byte) {
	t.Helper()
	require.NoError(t, f.Delete(t.Context(), name))
	require.NoError(t, f.Memory.Swap(t.Context(), name, nil, data, time.Hour))
}

// only returns the one record that there is.
func (f *faulty) only(t *testing.T) (name string, data []byte) {
	t.Helper()
	require.Len(t, f.data, 1)
	for name, data = range f.data {
	}
	return name, data
}

func (f *faulty) breaks(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fail = err
}

func key(n byte) []byte { return bytes.Repeat([]byte{n}, 32) }

func scope(subject string) cache.Scope {
	return cache.Scope{
		Authority: "https://login.microsoftonline.com/contoso", ClientID: "0b0b-client",
		Capabilities: []string{"cp1"}, Subject: subject,
	}
}

func store(t *testing.T, p *cache.Partition, value string) {
	t.Helper()
	require.NoError(t, p.Record("x").Update(t.Context(), time.Hour, set(value)))
}

func set(value string) func([]byte) ([]byte, error) {
	return func([]byte) ([]byte, error) { return []byte(value), nil }
}

func loads(t *testing.T, p *cache.Partition) string {
	t.Helper()
	data, err := p.Record("x").Load(t.Context())
	require.NoError(t, err)
	return string(data)
}
