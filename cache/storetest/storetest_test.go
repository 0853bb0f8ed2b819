package storetest

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"github.com/msalcae/msalcae/cache"
	"github.com/stretchr/testify/assert"
)

func TestMemoryPasses(t *testing.T) {
	Run(t, func(*testing.T) (a, b cache.Store) {
		m := &cache.Memory{}
		return m, m
	})
}

// A spoiled store is one of memory with a defect.
type spoiled struct {
	cache.Memory
	load func(data []byte, err error) ([]byte, error)
	swap func(name string, old, next []byte, swap func(old, next []byte) error) error
	del  func(names []string) []string
	lock func(ctx context.Context, lock func() (func(), error)) (func(), error)
}

func (s *spoiled) Load(ctx context.Context, name string) ([]byte, error) {
	data, err := s.Memory.Load(ctx, name)
	if s.load != nil {
		return s.load(data, err)
	}
	return data, err
}

func (s *spoiled) Swap(ctx context.Context, name string, old, next []byte, ttl time.Duration) error {
	do := func(old, next []byte) error { return s.Memory.Swap(ctx, name, old, next, ttl) }
	if s.swap != nil {
		return s.swap(name, old, next, do)
	}
	return do(old, next)
}

func (s *spoiled) Delete(ctx context.Context, names ...string) error {
	if s.del != nil {
		names = s.del(names)
	}
	return s.Memory.Delete(ctx, names...)
}

func (s *spoiled) Lock(ctx context.Context, name string) (func(), error) {
	lock := func() (func(), error) { return s.Memory.Lock(ctx, name) }
	if s.lock != nil {
		return s.lock(ctx, lock)
	}
	return lock()
}

// An asideless store sets nothing aside although it says so.
type asideless struct{ cache.Memory }

func (*asideless) SetAside(context.Context, string, []byte) error { return nil }

func TestDefectsAreFound(t *testing.T) {
	overwrite := func(s *spoiled) func(string, []byte, []byte, func([]byte, []byte) error) error {
		return func(name string, _, next []byte, do func(old, next []byte) error) error {
			time.Sleep(time.Millisecond) // others have loaded the same by now
			cur, err := s.Memory.Load(t.Context(), name)
			if err != nil {
				cur = nil
			}
			return do(cur, next)
		}
	}
	for name, c := range map[string]struct {
		spoil func(s *spoiled)
		finds string
	}{
		"Load gives nothing instead of ErrNotFound": {func(s *spoiled) {
			s.load = func(data []byte, _ error) ([]byte, error) { return data, nil }
		}, "a record that is not there"},
		"Load cuts off": {func(s *spoiled) {
			s.load = func(data []byte, err error) ([]byte, error) { return data[:min(len(data), 1<<16)], err }
		}, "records of any bytes and of the largest size"},
		"Load ends at a zero byte": {func(s *spoiled) {
			s.load = func(data []byte, err error) ([]byte, error) {
				data, _, _ = bytes.Cut(data, []byte{0})
				return data, err
			}
		}, "records of any bytes and of the largest size"},
		"Swap overwrites":          {func(s *spoiled) { s.swap = overwrite(s) }, "swaps"},
		"Swap loses updates":       {func(s *spoiled) { s.swap = overwrite(s) }, "no update is lost"},
		"Delete removes the first": {func(s *spoiled) { s.del = func(n []string) []string { return n[:min(len(n), 1)] } }, "deletion"},
		"Lock does not exclude": {func(s *spoiled) {
			s.lock = func(context.Context, func() (func(), error)) (func(), error) { return func() {}, nil }
		}, "locks exclude"},
		"Lock does not wait": {func(s *spoiled) {
			s.lock = func(context.Context, func() (func(), error)) (func(), error) { return func() {}, nil }
		}, "waiting for a lock ends with the context"},
		"Lock has an error of its own at end": {func(s *spoiled) {
			s.lock = func(ctx context.Context, lock func() (func(), error)) (func(), error) {
				if ctx.Err() != nil {
					return nil, errors.New("late")
				}
				return lock()
			}
		}, "an ended context"},
	} {
		t.Run(name, func(t *testing.T) {
			s := &spoiled{}
			c.spoil(s)
			assert.Error(t, run(t, c.finds, s))
			assert.NoError(t, run(t, c.finds, &cache.Memory{}))
		})
	}
	assert.Error(t, run(t, "setting aside", &asideless{}))
}

// run runs one of the checks.
func run(t *testing.T, name string, s cache.Store) error {
	for _, c := range checks {
		if c.name == name {
			return c.check(t.Context(), s, s)
		}
	}
	t.Fatalf("there is no check %q", name)
	return nil
}
