package tokensource

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/cache"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/internal/acquisition"
	"github.com/msalcae/msalcae/tokensource/internal/entra"
)

// An Accessor stands between an MSAL client and whatever keeps its tokens. What
// NewPublic and NewConfidential build has one; a client that is built elsewhere
// and wrapped is given one with MSAL's WithCache:
//
//	client, err := public.New(id, public.WithCache(&tokensource.Accessor{}), ...)
//
// With it an access token that an API rejected leaves MSAL's cache, and only
// that: the refresh token and the account stay, which MSAL cannot do by itself.
// And no token request of a Source fails because Store does: the token stays in
// memory and goes on being used, and the request's Trace has a CacheFailed.
// Accounts and SignOut, and MSAL calls of the program's own, do report it. A
// Store that cannot be read is not written either; once it can be, it and
// memory both have what either had. What MSAL keeps of on-behalf-of users
// reaches no Store: MSAL 1.10.1 cannot read it back, and would store other
// users' tokens in its place.
//
// The zero Accessor is ready to use, by one MSAL client.
type Accessor struct {
	// Store keeps MSAL's cache somewhere else, as MSAL's WithCache would have
	// it do; it must not call the client. nil: nothing outlives the client.
	Store cache.ExportReplace

	// onBehalf says that the last Replace was for the users of the
	// on-behalf-of flow. MSAL calls the Export that belongs to a Replace under
	// the same exclusive lock, so that no other comes between.
	onBehalf atomic.Bool

	mu    sync.Mutex
	state blobState
	retry time.Time         // when behind or lost: not before that
	owed  cache.ExportHints // when behind or lost: of what the store did not take

	refused refusals

	// use is shared by those who read the store, as MSAL's own lock is then.
	// Who evicts or writes is alone with it and with MSAL's memory, as MSAL has
	// it: a load in between would bring the token back.
	use sync.RWMutex
}

// A blobState says how what memory has relates to what the store has.
type blobState int

const (
	blobUnread  blobState = iota // nothing was read yet
	blobRead                     // memory has all that the store had when it was read
	blobBehind                   // memory has more; the store did not take it
	blobResting                  // behind, and lately tried in vain
	blobLost                     // memory has more, and the store could not be read: it is left as it is
)

// blobRest is how long a store that failed is left alone.
const blobRest = 10 * time.Second

// Replace implements cache.ExportReplace.
func (a *Accessor) Replace(ctx context.Context, into cache.Unmarshaler, hints cache.ReplaceHints) error {
	memory, ok := into.(mainCache)
	a.onBehalf.Store(!ok)
	if !ok {
		return nil
	}
	request, _ := acquisition.From(ctx)
	if request.Heard != nil {
		request.Heard.Store(true)
	}
	crowded := a.refused.add(request.Evict)
	if (a.Store == nil && request.Anew() || request.Sweep) && !crowded {
		return nil // no access token is read now
	}
	if a.Store == nil || request.Sweep {
		a.tidy(memory)
		return nil
	}
	alone := a.refused.any() || a.behind()
	if alone {
		a.use.Lock()
		defer a.use.Unlock()
	} else {
		a.use.RLock()
		defer a.use.RUnlock()
	}
	failed, found := a.load(ctx, memory, hints, alone)
	if found && failed == nil {
		failed = a.save(ctx, memory, cache.ExportHints(hints))
	}
	return failed.report(ctx)
}

// Export implements cache.ExportReplace.
func (a *Accessor) Export(ctx context.Context, from cache.Marshaler, hints cache.ExportHints) error {
	if a.onBehalf.Load() {
		return nil
	}
	return a.save(ctx, from, hints).report(ctx)
}

// A mainCache is MSAL's cache, and not that of the on-behalf-of flow: which it
// hands out by the same name, but which cannot be read back.
type mainCache interface {
	cache.Serializer
	AllAccounts() []public.Account
}

// load fills memory from the store, unless memory has what the store has not,
// which only who is alone may write. It reports whether there were tokens in
// either that had to leave, for which the caller must be alone, too.
func (a *Accessor) load(ctx context.Context, memory mainCache, hints cache.ReplaceHints, alone bool) (failed *blobFailure, found bool) {
	if !alone {
		if a.behind() {
			return nil, false
		}
		return a.read(ctx, memory, hints), false
	}
	tokens := a.refused.all()
	sieve := &sieve{mainCache: memory, tokens: tokens}
	switch state, owed := a.turn(); state {
	case blobResting:
	case blobLost:
		if !a.reunite(ctx, memory, owed) {
			break
		}
		fallthrough
	case blobBehind:
		if failed = a.save(ctx, memory, owed); failed != nil {
			break
		}
		fallthrough
	default:
		failed = a.read(ctx, sieve, hints)
	}
	found = sieve.found || !sieve.full && evict(memory, tokens)
	a.refused.remove(tokens)
	return failed, found
}

// read has the store fill memory.
func (a *Accessor) read(ctx context.Context, memory mainCache, hints cache.ReplaceHints) *blobFailure {
	if err := callStore(func() error { return a.Store.Replace(ctx, memory, hints) }); err != nil {
		return &blobFailure{"load", "the store of MSAL's cache could not be read", err}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.state == blobUnread {
		a.state = blobRead
	}
	return nil
}

func (a *Accessor) behind() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.state == blobBehind || a.state == blobLost
}

// turn returns the state, and what is owed to a store that is behind or lost;
// one whose turn it is not to be tried again is resting.
func (a *Accessor) turn() (blobState, cache.ExportHints) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if now := time.Now(); a.state == blobBehind || a.state == blobLost {
		if now.Before(a.retry) {
			return blobResting, a.owed
		}
		a.retry = now.Add(blobRest)
	}
	return a.state, a.owed
}

// save hands memory to the store. One that could not be read yet is not written
// either: it may hold the accounts of others.
func (a *Accessor) save(ctx context.Context, memory cache.Marshaler, hints cache.ExportHints) *blobFailure {
	if a.Store == nil {
		return nil
	}
	a.mu.Lock()
	before := a.state
	if before == blobUnread {
		a.state, a.retry, a.owed = blobLost, time.Now().Add(blobRest), hints
	}
	a.mu.Unlock()
	switch before {
	case blobUnread:
		return &blobFailure{"store", "the store of MSAL's cache could not be read, and is left as it is", nil}
	case blobLost:
		return &blobFailure{"", "the store of MSAL's cache could not be read yet, and is left as it is", nil}
	}
	err := callStore(func() error { return a.Store.Export(ctx, memory, hints) })
	a.mu.Lock()
	defer a.mu.Unlock()
	if err != nil {
		a.state, a.retry, a.owed = blobBehind, time.Now().Add(blobRest), hints
		return &blobFailure{"store", "the store of MSAL's cache could not be written", err}
	}
	a.state = blobRead
	return nil
}

// callStore calls a store. A panic would leave MSAL's lock locked.
func callStore(call func() error) error {
	_, err := entra.Guard("the Store of an Accessor", func() (struct{}, error) { return struct{}{}, call() })
	return err
}

// A blobFailure is what a store did instead of its work.
type blobFailure struct {
	op   string // for CacheFailedInfo; "": that was said before
	what string
	err  error // nil: none
}

// report returns the error, except in a token request of ours: there the token
// is worth more than its being kept, and only the Trace is told.
func (f *blobFailure) report(ctx context.Context) error {
	if f == nil {
		return nil
	}
	err := errors.New(f.what)
	if f.err != nil {
		err = fmt.Errorf("%s: %w", f.what, entra.Clean(f.err))
	}
	request, ours := acquisition.From(ctx)
	if !ours {
		return &msalcae.Error{Err: err}
	}
	if request.Failed != nil && f.op != "" {
		request.Failed(f.op, &msalcae.Error{Err: err})
	}
	return nil
}
