package storetest

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/msalcae/msalcae/cache"
)

const (
	workers = 8
	rounds  = 25
)

// together runs work in several goroutines that use both Stores.
func together(a, b cache.Store, work func(s cache.Store) error) error {
	var wg sync.WaitGroup
	errs := make([]error, workers)
	for i := range errs {
		wg.Go(func() {
			s := a
			if i%2 == 1 {
				s = b
			}
			errs[i] = work(s)
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// checkUpdates counts in a record, in as many goroutines as get in each
// other's way.
func checkUpdates(ctx context.Context, a, b cache.Store) error {
	err := together(a, b, func(s cache.Store) error {
		for range rounds {
			if err := increment(ctx, s); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	data, err := a.Load(ctx, one)
	if err != nil || len(data) != 8 {
		return fmt.Errorf("Load: %d bytes, error %v", len(data), err)
	}
	if n := binary.BigEndian.Uint64(data); n != workers*rounds {
		return fmt.Errorf("%d of %d updates were lost", workers*rounds-n, workers*rounds)
	}
	return nil
}

func increment(ctx context.Context, s cache.Store) error {
	for {
		old, err := s.Load(ctx, one)
		switch {
		case errors.Is(err, cache.ErrNotFound):
			old = nil
		case err != nil:
			return err
		case len(old) != 8:
			return fmt.Errorf("Load: %d bytes of a record of 8", len(old))
		}
		var n uint64
		if old != nil {
			n = binary.BigEndian.Uint64(old)
		}
		err = s.Swap(ctx, one, old, binary.BigEndian.AppendUint64(nil, n+1), ttl)
		if !errors.Is(err, cache.ErrConflict) {
			return err
		}
	}
}

// checkLocks looks whether two have a lock at once, and whether it is held back
// by a lock of another name or a record.
func checkLocks(ctx context.Context, a, b cache.Store) error {
	other, err := b.Lock(ctx, two)
	if err != nil {
		return fmt.Errorf("Lock: %w", err)
	}
	defer other()
	if err := swap(ctx, a, one, nil, []byte("a record of the lock's name")); err != nil {
		return err
	}
	var inside atomic.Int32
	return together(a, b, func(s cache.Store) error {
		for range rounds {
			unlock, err := s.Lock(ctx, one)
			if err != nil {
				return fmt.Errorf("Lock: %w", err)
			}
			n := inside.Add(1)
			time.Sleep(100 * time.Microsecond)
			inside.Add(-1)
			unlock()
			if n != 1 {
				return fmt.Errorf("%d hold the same lock", n)
			}
		}
		return nil
	})
}

// checkWaiting waits for a lock that nobody gives back.
func checkWaiting(ctx context.Context, a, b cache.Store) error {
	unlock, err := a.Lock(ctx, one)
	if err != nil {
		return fmt.Errorf("Lock: %w", err)
	}
	waiting, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	if u, err := b.Lock(waiting, one); !errors.Is(err, context.DeadlineExceeded) {
		if err == nil {
			u()
		}
		return fmt.Errorf("Lock of a lock that is held: error %v, want that of the context", err)
	}
	unlock()
	u, err := b.Lock(ctx, one)
	if err != nil {
		return fmt.Errorf("Lock of a lock that was given back: %w", err)
	}
	u()
	return nil
}
