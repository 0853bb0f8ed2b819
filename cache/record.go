package cache

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"
)

var errNoStore = errors.New("msalcae: the cache has no Store; give New one")

const (
	// maxPlain is the most that is sealed in one record.
	maxPlain = 1 << 20
	// maxSwaps bounds how often a change is tried again that others overtake.
	maxSwaps = 1000
)

// A record is one sealed thing in the Store, identified by what it is of.
type record struct {
	cache *Cache
	dims  []string
}

func (r record) name() string { return r.cache.sealers[0].name(r.dims) }

// names are all that the record may have, one for each key.
func (r record) names() []string {
	names := make([]string, len(r.cache.sealers))
	for i, s := range r.cache.sealers {
		names[i] = s.name(r.dims)
	}
	return names
}

// A found record is what the Store had.
type found struct {
	name  string // it was found under
	raw   []byte // nil: none
	plain []byte // nil: none
	age   age
}

// load returns the record as the Store has it, the zero found if it has none.
// An error that is ErrUnreadable comes with what could not be read.
func (r record) load(ctx context.Context) (found, error) {
	if err := r.cache.err; err != nil {
		return found{}, err
	}
	for _, s := range r.cache.sealers {
		f, err := r.open(ctx, s)
		if err == errOlder { // or another goroutine was faster with the next one
			again := f
			if f, err = r.open(ctx, s); err == errOlder && !bytes.Equal(f.raw, again.raw) {
				f, err = r.open(ctx, s)
			}
		}
		if err != nil || f.raw != nil {
			return f, err
		}
	}
	return found{}, nil
}

var errOlder = fmt.Errorf("%w: it is an earlier one than was there before", ErrUnreadable)

// open looks for the record under one key.
func (r record) open(ctx context.Context, s *sealer) (found, error) {
	name := s.name(r.dims)
	raw, err := guarded(func() ([]byte, error) { return r.cache.store.Load(ctx, name) })
	if errors.Is(err, ErrNotFound) || err == nil && raw == nil {
		return found{}, nil
	}
	if err != nil {
		return found{}, err
	}
	f := found{name: name, raw: raw}
	if f.plain, f.age, err = s.open(name, raw); err != nil {
		return f, err
	}
	if !r.cache.seen.witness(name, f.age) {
		f.plain = nil
		return f, errOlder
	}
	return f, nil
}

// setAside moves what cannot be read out of the way, if the Store can.
func (r record) setAside(ctx context.Context, f found) {
	if s, ok := r.cache.store.(Aside); ok {
		_, _ = guarded(func() (struct{}, error) { return struct{}{}, s.SetAside(ctx, f.name, f.raw) })
	}
}

// update replaces the record by what change makes of it, and again as often as
// others are faster. change is called once for each try, with nil if there is no
// record; lost says that there was one that could not be read. It returns nil to
// have none. What could not be read is reported although the update was made.
func (r record) update(ctx context.Context, ttl time.Duration, change func(plain []byte, lost bool) ([]byte, error)) (err error) {
	var unreadable error
	unlock := func() {}
	defer func() { unlock() }()
	for n := range maxSwaps {
		f, err := r.load(ctx)
		if errors.Is(err, ErrUnreadable) {
			unreadable = err
			r.setAside(ctx, f)
			if _, ok := r.cache.store.(Aside); ok {
				f, err = r.load(ctx)
			}
			if errors.Is(err, ErrUnreadable) { // overwrite it
				f.plain, f.age, err = nil, age{}, nil
			}
		}
		if err != nil {
			return err
		}
		err = r.swap(ctx, f, ttl, func(plain []byte) ([]byte, error) { return change(plain, unreadable != nil) })
		if !errors.Is(err, ErrConflict) {
			return errors.Join(err, unreadable)
		}
		if n == 0 { // from here on in turn
			if u, err := r.lock(ctx, "turn"); err == nil {
				unlock = u
			}
		}
	}
	return ErrConflict
}

// swap tries once to replace f.
func (r record) swap(ctx context.Context, f found, ttl time.Duration, change func([]byte) ([]byte, error)) error {
	next, err := change(f.plain)
	name := r.name()
	elsewhere := f.raw != nil && f.name != name // sealed with an earlier key
	switch {
	case err != nil:
		return err
	case len(next) > maxPlain:
		return ErrTooLarge
	case next == nil && f.raw == nil, next != nil && f.plain != nil && bytes.Equal(next, f.plain) && !elsewhere:
		return nil
	}
	old, following := f.raw, r.cache.seen.after(name, f.age, time.Now())
	if elsewhere {
		old = nil
	}
	var sealed []byte
	if next != nil {
		sealed = r.cache.sealers[0].seal(name, following, next)
	}
	if next != nil || !elsewhere {
		if _, err := guarded(func() (struct{}, error) {
			return struct{}{}, r.cache.store.Swap(ctx, name, old, sealed, ttl)
		}); err != nil {
			return err
		}
	}
	if next == nil {
		r.cache.seen.end(name, f.age.line)
	} else {
		r.cache.seen.witness(name, following)
	}
	if elsewhere {
		return r.delete(ctx, f.name)
	}
	return nil
}

// delete removes the record under the given names.
func (r record) delete(ctx context.Context, names ...string) error {
	lines := r.cache.seen.lines(names)
	_, err := guarded(func() (struct{}, error) { return struct{}{}, r.cache.store.Delete(ctx, names...) })
	if err == nil {
		for i, name := range names {
			r.cache.seen.end(name, lines[i])
		}
	}
	return err
}

// lock takes one of the locks that go with the record.
func (r record) lock(ctx context.Context, purpose string) (func(), error) {
	if err := r.cache.err; err != nil {
		return nil, err
	}
	name := record{r.cache, append(append([]string{}, r.dims...), "lock", purpose)}.name()
	return guarded(func() (func(), error) { return r.cache.store.Lock(ctx, name) })
}

// guarded calls a Store, which may be anybody's: a panic of it below MSAL would
// leave MSAL's locks held.
func guarded[T any](f func() (T, error)) (result T, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("msalcae: the cache's Store panicked (%T)", p)
		}
	}()
	return f()
}
