package cache

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"time"

	msal "github.com/AzureAD/microsoft-authentication-library-for-go/apps/cache"
	"github.com/msalcae/msalcae/internal/acquisition"
)

// ioTimeout bounds what MSAL waits for a Store. It holds a lock meanwhile that
// honours no context.
const ioTimeout = 5 * time.Second

// An Accessor connects one MSAL client to a Partition: pass it to WithCache.
// It keeps one blob for the client, whatever MSAL's partition hints say, which
// in version 1.10.1 disagree between a sign-in and the next silent call. An
// Accessor must not be given to several clients; several Accessors, in one
// process or many, share a Partition.
//
// Its methods return no errors: MSAL would throw away a token that it has just
// obtained. What cannot be stored stays in MSAL's memory and is stored with
// the next change. Two changes in two processes are both kept, entry by entry.
type Accessor struct {
	record record
	failed func(ctx context.Context, op string, err error)
	evict  func(value string) bool

	mu sync.Mutex
	// base is what memory and Store last had in common, ours what memory had
	// when it was last seen.
	base, ours blob
	stored     bool            // there is nothing in ours but base
	gone       map[string]bool // home accounts that another process has signed out
	troubled   map[string]bool // ops that failed the last time
}

var _ msal.ExportReplace = (*Accessor)(nil)

// Accessor returns an [Accessor] for one MSAL client. failed is called when the
// Store failed, with op "load" or "store", once until the Store has worked again;
// nil: nobody is told. evicted says of
// an access token's value that it must not be used any more: such tokens are
// dropped wherever they come by; nil: none is. Both are called by several
// goroutines at once.
func (p *Partition) Accessor(failed func(ctx context.Context, op string, err error), evicted func(value string) bool) *Accessor {
	if failed == nil {
		failed = func(context.Context, string, error) {}
	}
	if evicted == nil {
		evicted = func(string) bool { return false }
	}
	return &Accessor{record: p.record("msal"), failed: failed, evict: evicted, stored: true, gone: map[string]bool{}, troubled: map[string]bool{}}
}

// Replace implements MSAL's cache.ExportReplace. It returns nil.
func (a *Accessor) Replace(ctx context.Context, memory msal.Unmarshaler, _ msal.ReplaceHints) error {
	if onBehalfOf(memory) {
		return nil
	}
	io, cancel := context.WithTimeout(ctx, ioTimeout)
	defer cancel()
	f, err := a.record.load(io)
	var theirs blob
	if err == nil {
		theirs, err = readBlob(f.plain)
	}
	if err == nil {
		err = a.replace(memory, theirs, f.plain)
	}
	if errors.Is(err, ErrUnreadable) {
		a.record.setAside(io, f)
		a.detach()
	}
	if err == nil || ctx.Err() == nil { // not because the caller left
		a.report(ctx, "load", err)
	}
	return nil
}

// Export implements MSAL's cache.ExportReplace. It returns nil.
func (a *Accessor) Export(ctx context.Context, memory msal.Marshaler, _ msal.ExportHints) error {
	if onBehalfOf(memory) {
		return nil
	}
	// The token request is over, and what it brought is kept whoever leaves.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), ioTimeout)
	defer cancel()
	a.report(ctx, "store", a.export(ctx, memory))
	return nil
}

// report tells of a failure that does not follow another of its kind.
func (a *Accessor) report(ctx context.Context, op string, err error) {
	a.mu.Lock()
	again := a.troubled[op]
	a.troubled[op] = err != nil
	a.mu.Unlock()
	if err != nil && !again {
		a.failed(ctx, op, err)
	}
}

// replace makes what the Store has, with what memory had to add, MSAL's memory.
// plain is what theirs was read from: MSAL is given that, if it need not differ.
func (a *Accessor) replace(memory msal.Unmarshaler, theirs blob, plain []byte) (err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	var merged blob
	if a.stored {
		merged = theirs.clone() // memory has nothing to add
	} else {
		merged = merge3(a.base, a.ours, theirs)
	}
	clamped, evicted := merged.clamp(time.Now()), merged.evict(a.evict)
	stored := a.stored && !clamped && !evicted
	data := plain
	if !stored || len(data) == 0 {
		if data, err = merged.marshal(); err != nil {
			return fmt.Errorf("%w: %w", ErrUnreadable, err)
		}
	}
	if _, err := guarded(func() (struct{}, error) { return struct{}{}, memory.Unmarshal(data) }); err != nil {
		return fmt.Errorf("%w: MSAL does not accept it", ErrUnreadable) // its error has what it read
	}
	for home := range a.ours.homes() {
		a.gone[home] = true
	}
	for home := range merged.homes() {
		delete(a.gone, home)
	}
	a.base, a.ours, a.stored = theirs, merged, stored
	return nil
}

// detach makes all of memory count as not stored yet: what the Store had is
// lost.
func (a *Accessor) detach() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.base, a.stored = blob{}, false
}

func (a *Accessor) export(ctx context.Context, memory msal.Marshaler) error {
	data, err := guarded(memory.Marshal)
	if err != nil {
		return fmt.Errorf("msalcae: MSAL's cache could not be read out (%T)", err)
	}
	ours, err := parseBlob(data)
	if err != nil {
		return err
	}
	a.mu.Lock()
	base := a.base
	a.ours, a.stored = ours, false
	unwanted := a.unwanted(ctx, ours)
	a.mu.Unlock()
	err = a.record.update(ctx, blobLife, func(plain []byte, lost bool) ([]byte, error) {
		theirs, err := readBlob(plain)
		if err != nil || lost {
			theirs = base // nobody has removed what is not there
		}
		merged := merge3(base, ours, theirs)
		merged.prune(time.Now())
		merged.evict(a.evict)
		merged.signOut(unwanted)
		if merged.empty() {
			return nil, nil
		}
		return merged.marshal()
	})
	if err == nil || errors.Is(err, ErrUnreadable) {
		a.mu.Lock()
		a.base, a.stored = ours, true
		a.mu.Unlock()
	}
	return err
}

// unwanted are the accounts of ours that must not be stored: MSAL writes the
// account with every token that it obtains, also of somebody who was signed out
// while the token request was under way. The caller holds a.mu.
func (a *Accessor) unwanted(ctx context.Context, ours blob) map[string]bool {
	if request, _ := acquisition.From(ctx); request.Renewal {
		return maps.Clone(a.gone)
	}
	for home := range ours.homes() {
		delete(a.gone, home) // they have signed in
	}
	return nil
}

// readBlob reads what was sealed as MSAL's.
func readBlob(plain []byte) (blob, error) {
	b, err := parseBlob(plain)
	if err != nil {
		return b, fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	return b, nil
}

// onBehalfOf reports whether memory is that for tokens on behalf of others,
// which in MSAL 1.10.1 can be written but never read. It stays in memory.
func onBehalfOf(memory any) bool {
	return strings.HasSuffix(fmt.Sprintf("%T", memory), "PartitionedManager")
}
