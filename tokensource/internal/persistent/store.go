// Package persistent has the engine.Store of sources whose tokens are kept in a
// cache: the files of a user's programs, or the database of a fleet.
package persistent

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/cache"
	"github.com/msalcae/msalcae/tokensource/internal/engine"
)

const (
	// limit is how long a flight waits for one use of a cache.
	limit = 3 * time.Second
	// lookAgain is how often who waits for a lease looks whether the record
	// has become of use, and leaseTry how long who will not wait tries.
	lookAgain = 100 * time.Millisecond
	leaseTry  = 50 * time.Millisecond
	// maxLease is longer than anything is asked for. A lease that nobody ends,
	// because its flight gave the cache up, ends then.
	maxLease = 10 * time.Minute
)

// New returns the store of a source in a partition of a cache, guarded from the
// cache's troubles. It shares the sealed record of whose tokens they are with the
// identity's other sources, so that a sign-out removes all of it at once.
//
// key is the source's, among the identity's. identity says whose its tokens are;
// "": nobody knows yet. It is asked for each use: the person of a zero Account may
// change. trouble is shared by what uses the cache.
func New(partition *cache.Partition, key string, identity func(context.Context) string, trouble *engine.Trouble) engine.Store {
	return engine.Guarded(&store{partition, key, identity, trouble}, limit, trouble)
}

// RecordOf is where the sources of an identity share what they know.
func RecordOf(partition *cache.Partition, identity string) *cache.Record {
	return partition.Record("sources", identity)
}

type store struct {
	partition *cache.Partition
	key       string
	identity  func(ctx context.Context) string
	trouble   *engine.Trouble
}

func (s *store) Tell(ctx context.Context, n engine.News) (engine.Record, error) {
	return s.tellOf(ctx, s.identity(ctx), n)
}

// tellOf is tell, of an identity.
func (s *store) tellOf(ctx context.Context, identity string, n engine.News) (engine.Record, error) {
	if identity == "" {
		return unborn(time.Now()), nil
	}
	of := RecordOf(s.partition, identity)
	if n.Empty() {
		data, err := of.Load(ctx)
		return openShared(data).of(s.key, time.Now()), s.unlessLost("load", n.Trace, err)
	}
	var result engine.Record
	err := of.Update(ctx, sharedLife, func(data []byte) ([]byte, error) {
		now := time.Now()
		all := openShared(data)
		before := all.of(s.key, now)
		if result = before.With(n, now); result.Version == before.Version {
			return data, nil
		}
		return all.put(s.key, result, now)
	})
	return result, s.unlessLost("store", n.Trace, err)
}

// unlessLost is err, unless it says that the record could not be read. That was
// set aside and is told to the Trace; what there is now, nothing or what was
// stored just now, is as good as any record.
func (s *store) unlessLost(op string, trace *msalcae.Trace, err error) error {
	if !errors.Is(err, cache.ErrUnreadable) {
		return err
	}
	if trace != nil && trace.CacheFailed != nil && s.trouble.Report() {
		engine.Aside(func() { trace.CacheFailed(context.Background(), msalcae.CacheFailedInfo{Op: op, Err: err}) })
	}
	return nil
}

func (s *store) Lease(ctx context.Context, name string, wait time.Duration, n engine.News, useful func(engine.Record) bool) (engine.Record, engine.EndLease, error) {
	identity := s.identity(ctx)
	r, err := s.tellOf(ctx, identity, n)
	if err != nil || useful(r) {
		return r, nil, err
	}
	locking, cancel := context.WithTimeout(ctx, max(wait, leaseTry))
	defer cancel()
	type locked struct {
		unlock func()
		err    error
	}
	lock := make(chan locked, 1)
	go func() {
		unlock, err := RecordOf(s.partition, identity).Lock(locking, s.key+" "+name)
		lock <- locked{unlock, err}
	}()
	look := time.NewTicker(lookAgain)
	defer look.Stop()
	for {
		select {
		case l := <-lock:
			if l.err != nil {
				return s.notLeased(ctx, r, l.err)
			}
			return s.leased(ctx, identity, n, l.unlock, useful)
		case <-look.C:
			if r, err = s.Tell(ctx, engine.News{Trace: n.Trace}); err != nil || useful(r) {
				cancel()
				go func() {
					if l := <-lock; l.err == nil {
						l.unlock()
					}
				}()
				return r, nil, err
			}
		}
	}
}

// notLeased says why there is no lease: somebody has it, or there is no telling.
func (s *store) notLeased(ctx context.Context, r engine.Record, err error) (engine.Record, engine.EndLease, error) {
	if ctx.Err() == nil && (errors.Is(err, context.DeadlineExceeded) || errors.Is(err, cache.ErrStalled)) {
		return r, nil, engine.ErrBusy
	}
	return r, nil, err
}

// leased looks whether the one before has made the lease needless.
func (s *store) leased(ctx context.Context, before string, n engine.News, unlock func(), useful func(engine.Record) bool) (engine.Record, engine.EndLease, error) {
	r, err := s.Tell(ctx, engine.News{Trace: n.Trace})
	if err == nil {
		err = ctx.Err()
	}
	if err != nil || useful(r) {
		unlock()
		return r, nil, err
	}
	unlock = sync.OnceFunc(unlock)
	time.AfterFunc(maxLease, unlock)
	return r, func(ctx context.Context, n engine.News) (engine.Record, error) {
		defer unlock()
		now := s.identity(ctx)
		if now != before { // versions count within one identity
			n = withoutVersions(n)
		}
		return s.tellOf(ctx, now, n)
	}, nil
}

// withoutVersions is n of unknown age.
func withoutVersions(n engine.News) engine.News {
	n.Refused = 0
	if n.Token != nil {
		t := *n.Token
		t.Asked, t.Renewed, t.Renewal = 0, 0, nil
		n.Token = &t
	}
	return n
}
