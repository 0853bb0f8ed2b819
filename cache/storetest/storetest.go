// Package storetest checks that a cache.Store does what a cache needs of it.
package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/msalcae/msalcae/cache"
)

// Run runs the checks as subtests of t, in some seconds. open returns two
// Stores over the same storage, which is empty, as two processes would have
// them; a Store for one process may be returned twice. Run it with the race
// detector too.
func Run(t *testing.T, open func(t *testing.T) (a, b cache.Store)) {
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) {
			a, b := open(t)
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			if err := c.check(ctx, a, b); err != nil {
				t.Error(err)
			}
		})
	}
}

// A check says what is wrong with a Store.
type check struct {
	name  string
	check func(ctx context.Context, a, b cache.Store) error
}

var checks = []check{
	{"a record that is not there", checkMissing},
	{"what one stores the other loads", checkShared},
	{"swaps", checkSwaps},
	{"records of any bytes and of the largest size", checkSizes},
	{"slices are not kept", checkSlices},
	{"deletion", checkDelete},
	{"no update is lost", checkUpdates},
	{"locks exclude", checkLocks},
	{"waiting for a lock ends with the context", checkWaiting},
	{"an ended context", checkContext},
	{"setting aside", checkAside},
	{"a cache on top", checkCache},
}

const (
	one = "one2345abcdefghijklmnopqrstuvwxy"
	two = "two2345abcdefghijklmnopqrstuvwxy"
	ttl = time.Hour
)

func checkMissing(ctx context.Context, a, _ cache.Store) error {
	if data, err := a.Load(ctx, one); !errors.Is(err, cache.ErrNotFound) {
		return fmt.Errorf("Load of a record that is not there: %d bytes and error %v, want ErrNotFound", len(data), err)
	}
	return nil
}

func checkShared(ctx context.Context, a, b cache.Store) error {
	return errors.Join(
		swap(ctx, a, one, nil, []byte("first")),
		swap(ctx, a, two, nil, []byte("second")),
		holds(ctx, b, one, []byte("first")),
		holds(ctx, b, two, []byte("second")),
	)
}

func checkSwaps(ctx context.Context, a, b cache.Store) error {
	first, next, other := []byte("first"), []byte("next"), []byte("other")
	return errors.Join(
		refused(ctx, a, one, first, next),    // there is none
		refused(ctx, a, one, []byte{}, next), // nor an empty one
		swap(ctx, a, one, nil, first),
		refused(ctx, b, one, nil, other), // there is one
		refused(ctx, b, one, other, next),
		refused(ctx, b, one, other, nil),
		refused(ctx, b, one, first[:4], next),
		holds(ctx, a, one, first),
		swap(ctx, b, one, first, next),
		refused(ctx, a, one, first, other), // it was replaced
		holds(ctx, a, one, next),
		swap(ctx, a, one, next, nil),
		checkMissing(ctx, b, a),
		refused(ctx, b, one, next, other), // it was removed
		swap(ctx, b, one, nil, first),
		holds(ctx, a, one, first),
	)
}

func checkSizes(ctx context.Context, a, b cache.Store) error {
	every := make([]byte, 256)
	for i := range every {
		every[i] = byte(i)
	}
	large := bytes.Repeat(every, cache.MaxRecord/256)
	return errors.Join(
		swap(ctx, a, one, nil, every),
		holds(ctx, b, one, every),
		swap(ctx, b, one, every, large),
		holds(ctx, a, one, large),
		refused(ctx, a, one, every, []byte("x")),
		swap(ctx, a, one, large, every),
		holds(ctx, b, one, every),
	)
}

func checkSlices(ctx context.Context, a, b cache.Store) error {
	data := []byte("content")
	if err := swap(ctx, a, one, nil, data); err != nil {
		return err
	}
	data[0] = 'X'
	if err := holds(ctx, b, one, []byte("content")); err != nil {
		return fmt.Errorf("after the caller changed its slice: %w", err)
	}
	got, err := a.Load(ctx, one)
	if err != nil {
		return err
	}
	got[0] = 'Y'
	if err := holds(ctx, a, one, []byte("content")); err != nil {
		return fmt.Errorf("after a slice from Load was changed: %w", err)
	}
	return nil
}

func checkDelete(ctx context.Context, a, b cache.Store) error {
	return errors.Join(
		a.Delete(ctx),
		a.Delete(ctx, one, two), // neither is there
		swap(ctx, a, one, nil, []byte("1")),
		swap(ctx, a, two, nil, []byte("2")),
		b.Delete(ctx, one, "three", two),
		checkMissing(ctx, a, b),
		swap(ctx, a, two, nil, []byte("again")),
		holds(ctx, b, two, []byte("again")),
	)
}

func checkContext(ctx context.Context, a, b cache.Store) error {
	if err := swap(ctx, a, one, nil, []byte("here")); err != nil {
		return err
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	var errs []error
	report := func(op string, err error) {
		if !errors.Is(err, context.Canceled) {
			errs = append(errs, fmt.Errorf("%s with an ended context: error %v, want the context's", op, err))
		}
	}
	_, err := a.Load(ended, one)
	report("Load", err)
	report("Swap", a.Swap(ended, one, []byte("here"), []byte("gone"), ttl))
	report("Delete", a.Delete(ended, one))
	_, err = a.Lock(ended, one)
	report("Lock", err)
	return errors.Join(append(errs, holds(ctx, b, one, []byte("here")))...)
}

func checkAside(ctx context.Context, a, b cache.Store) error {
	s, ok := a.(cache.Aside)
	if !ok {
		return nil
	}
	return errors.Join(
		swap(ctx, b, one, nil, []byte("first")),
		s.SetAside(ctx, one, []byte("before")), // it is not that any more
		holds(ctx, b, one, []byte("first")),
		s.SetAside(ctx, one, []byte("first")),
		checkMissing(ctx, b, a),
		swap(ctx, b, one, nil, []byte("second")),
		s.SetAside(ctx, one, []byte("second")), // a second time
		checkMissing(ctx, a, b),
		s.SetAside(ctx, one, []byte("third")), // there is none
	)
}

// checkCache uses the Store as its users do.
func checkCache(ctx context.Context, a, b cache.Store) error {
	key := bytes.Repeat([]byte{7}, 32)
	scope := cache.Scope{Authority: "https://login.example/tenant", ClientID: "client"}
	writer, reader := cache.New(a, key).Partition(scope).Record("x"), cache.New(b, key).Partition(scope).Record("x")
	if err := writer.Update(ctx, ttl, func([]byte) ([]byte, error) { return []byte("data"), nil }); err != nil {
		return err
	}
	if data, err := reader.Load(ctx); err != nil || string(data) != "data" {
		return fmt.Errorf("a Record loads %q, error %w", data, err)
	}
	if err := reader.Delete(ctx); err != nil {
		return err
	}
	if data, err := writer.Load(ctx); err != nil || data != nil {
		return fmt.Errorf("a deleted Record has %q, error %w", data, err)
	}
	return nil
}

func swap(ctx context.Context, s cache.Store, name string, old, next []byte) error {
	if err := s.Swap(ctx, name, old, next, ttl); err != nil {
		return fmt.Errorf("Swap(%s, %s, %s): %w", name[:3], brief(old), brief(next), err)
	}
	return nil
}

func refused(ctx context.Context, s cache.Store, name string, old, next []byte) error {
	if err := s.Swap(ctx, name, old, next, ttl); !errors.Is(err, cache.ErrConflict) {
		return fmt.Errorf("Swap(%s, %s, %s): error %v, want ErrConflict", name[:3], brief(old), brief(next), err)
	}
	return nil
}

func holds(ctx context.Context, s cache.Store, name string, want []byte) error {
	got, err := s.Load(ctx, name)
	if err != nil || !bytes.Equal(got, want) {
		return fmt.Errorf("Load(%s): %s, error %v, want %s", name[:3], brief(got), err, brief(want))
	}
	return nil
}

func brief(data []byte) string {
	if len(data) > 20 {
		return fmt.Sprintf("%d bytes", len(data))
	}
	return fmt.Sprintf("%q", data)
}
