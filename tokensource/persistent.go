package tokensource

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/cache"
	"github.com/msalcae/msalcae/tokensource/internal/engine"
)

const (
	// persistentLimit is how long a flight waits for one use of a cache.
	persistentLimit = 3 * time.Second
	// lookAgain is how often who waits for a lease looks whether the record
	// has become of use, and leaseTry how long who will not wait tries.
	lookAgain = 100 * time.Millisecond
	leaseTry  = 50 * time.Millisecond
	// maxLease is longer than anything is asked for. A lease that nobody ends,
	// because its flight gave the cache up, ends then.
	maxLease = 10 * time.Minute
)

// A persistent is the store of one source in a cache. It shares the sealed record
// of whose tokens they are with the identity's other sources, so that a sign-out
// removes all of it at once.
type persistent struct {
	partition *cache.Partition
	// identity says whose the source's tokens are; "": nobody knows yet. It is
	// asked for each use: the person of the zero Account may change.
	identity func(ctx context.Context) string
	key      string // of the source, among the identity's
	trouble  *engine.Trouble
}

// of is the record that an identity's sources share.
func (p *persistent) of(identity string) *cache.Record {
	return p.partition.Record("sources", identity)
}

func (p *persistent) Tell(ctx context.Context, n engine.News) (engine.Record, error) {
	return p.tellOf(ctx, p.identity(ctx), n)
}

// tellOf is tell, of an identity.
func (p *persistent) tellOf(ctx context.Context, identity string, n engine.News) (engine.Record, error) {
	if identity == "" {
		return unborn(time.Now()), nil
	}
	of := p.of(identity)
	if n.Empty() {
		data, err := of.Load(ctx)
		return openShared(data).of(p.key, time.Now()), p.unlessLost("load", n.Trace, err)
	}
	var result engine.Record
	err := of.Update(ctx, sharedLife, func(data []byte) ([]byte, error) {
		now := time.Now()
		all := openShared(data)
		before := all.of(p.key, now)
		if result = before.With(n, now); result.Version == before.Version {
			return data, nil
		}
		return all.put(p.key, result, now)
	})
	return result, p.unlessLost("store", n.Trace, err)
}

// unlessLost is err, unless it says that the record could not be read. That was
// set aside and is told to the Trace; what there is now, nothing or what was
// stored just now, is as good as any record.
func (p *persistent) unlessLost(op string, trace *msalcae.Trace, err error) error {
	if !errors.Is(err, cache.ErrUnreadable) {
		return err
	}
	if trace != nil && trace.CacheFailed != nil && p.trouble.Report() {
		engine.Aside(func() { trace.CacheFailed(context.Background(), msalcae.CacheFailedInfo{Op: op, Err: err}) })
	}
	return nil
}

func (p *persistent) Lease(ctx context.Context, name string, wait time.Duration, n engine.News, useful func(engine.Record) bool) (engine.Record, engine.EndLease, error) {
	identity := p.identity(ctx)
	r, err := p.tellOf(ctx, identity, n)
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
		unlock, err := p.of(identity).Lock(locking, p.key+" "+name)
		lock <- locked{unlock, err}
	}()
	look := time.NewTicker(lookAgain)
	defer look.Stop()
	for {
		select {
		case l := <-lock:
			if l.err != nil {
				return p.notLeased(ctx, r, l.err)
			}
			return p.leased(ctx, identity, n, l.unlock, useful)
		case <-look.C:
			if r, err = p.Tell(ctx, engine.News{Trace: n.Trace}); err != nil || useful(r) {
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
func (p *persistent) notLeased(ctx context.Context, r engine.Record, err error) (engine.Record, engine.EndLease, error) {
	if ctx.Err() == nil && (errors.Is(err, context.DeadlineExceeded) || errors.Is(err, cache.ErrStalled)) {
		return r, nil, engine.ErrBusy
	}
	return r, nil, err
}

// leased looks whether the one before has made the lease needless.
func (p *persistent) leased(ctx context.Context, before string, n engine.News, unlock func(), useful func(engine.Record) bool) (engine.Record, engine.EndLease, error) {
	r, err := p.Tell(ctx, engine.News{Trace: n.Trace})
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
		now := p.identity(ctx)
		if now != before { // versions count within one identity
			n = withoutVersions(n)
		}
		return p.tellOf(ctx, now, n)
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

// checkCache refuses a cache that can keep nothing.
func checkCache(config string, c *cache.Cache) error {
	if c == nil || c.Err() == nil {
		return nil
	}
	return fmt.Errorf("%w: %s.Cache cannot be used (%w)", msalcae.ErrMisconfigured, config, c.Err())
}
