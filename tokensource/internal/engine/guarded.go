package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/internal/inflight"
)

const (
	// storeRest is how long a store that failed is left alone. It doubles up to
	// maxStoreRest while the store fails again.
	storeRest    = time.Second
	maxStoreRest = 30 * time.Second
)

// errResting: the store failed just now, and is not tried again yet.
var errResting = errors.New("msalcae: the cache failed lately and is left alone for now")

// guarded keeps the troubles of a store from the flights that use it: one that
// hangs is left behind after its limit, one that panics has failed, and one that
// failed is left alone for a while. The first failure in a row is told to the
// Trace of the caller that met it.
type guarded struct {
	store Store
	limit time.Duration // for one use of the store, what it waits for a lease apart
	// trouble is shared with the other stores of one cache; nil: there is none.
	trouble *Trouble

	mu       sync.Mutex
	failures int
	rested   time.Time // when it may be tried again
}

// Guarded returns s guarded from its troubles. limit is for one use of it, what
// it waits for a lease apart; trouble is shared by the stores of one cache; nil:
// there is no other.
func Guarded(s Store, limit time.Duration, trouble *Trouble) Store {
	return &guarded{store: s, limit: limit, trouble: trouble}
}

func (g *guarded) Tell(ctx context.Context, n News) (Record, error) {
	op := "load"
	if !n.Empty() {
		op = "store"
	}
	return bounded(g, ctx, op, g.limit, n.Trace, func(ctx context.Context) (Record, error) { return g.store.Tell(ctx, n) })
}

func (g *guarded) Lease(ctx context.Context, name string, wait time.Duration, n News, useful func(Record) bool) (Record, EndLease, error) {
	type leased struct {
		r   Record
		end EndLease
	}
	l, err := bounded(g, ctx, "lock", wait+g.limit, n.Trace, func(ctx context.Context) (leased, error) {
		r, end, err := g.store.Lease(ctx, name, wait, n, useful)
		return leased{r, end}, err
	})
	if l.end == nil {
		return l.r, nil, err
	}
	return l.r, func(ctx context.Context, n News) (Record, error) {
		return bounded(g, ctx, "store", g.limit, n.Trace, func(ctx context.Context) (Record, error) { return l.end(ctx, n) })
	}, err
}

// bounded runs one use of g's store.
func bounded[T any](g *guarded, ctx context.Context, op string, limit time.Duration, trace *msalcae.Trace, use func(context.Context) (T, error)) (result T, err error) {
	if !g.awake() {
		return result, errResting
	}
	ctx, cancel := context.WithTimeout(inflight.Mark(ctx), limit)
	defer cancel()
	type outcome struct {
		result T
		err    error
	}
	done := make(chan outcome, 1)
	go func() {
		var o outcome
		defer func() {
			if p := recover(); p != nil {
				o.err = fmt.Errorf("the cache panicked (%T)", p)
			}
			done <- o
		}()
		o.result, o.err = use(ctx)
	}()
	select {
	case o := <-done:
		result, err = o.result, o.err
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err == nil && op == "store" && g.trouble != nil {
		g.trouble.Over()
	}
	if g.note(err) && (g.trouble == nil || g.trouble.Report()) && trace != nil && trace.CacheFailed != nil {
		Aside(func() { trace.CacheFailed(context.Background(), msalcae.CacheFailedInfo{Op: op, Err: err}) })
	}
	return result, err
}

func (g *guarded) awake() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return !time.Now().Before(g.rested)
}

// note takes account of how a use ended, and reports whether it was the first
// failure in a row.
func (g *guarded) note(err error) (first bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err == nil || errors.Is(err, ErrBusy) {
		g.failures, g.rested = 0, time.Time{}
		return false
	}
	g.rested = time.Now().Add(min(storeRest<<min(g.failures, 8), maxStoreRest))
	g.failures++
	return g.failures == 1
}
