package cache

import (
	"context"
	"errors"
	"time"
)

// A Store keeps records of bytes by name. Names are at most 64 characters of
// a-z, 0-9 and '-'; data is at most [MaxRecord] bytes and tells nothing.
//
// A Store is safe for concurrent use by any number of goroutines and, if it is
// shared, processes. Its methods honour ctx, return its error when it ends, and
// do not keep or change the slices that they are given. Package
// cache/storetest checks all of it.
//
// A Store may also have a method SetAside; see [Aside].
type Store interface {
	// Load returns the record, or ErrNotFound.
	Load(ctx context.Context, name string) ([]byte, error)

	// Swap makes next the record if it still is old, and otherwise fails with
	// ErrConflict and changes nothing. A nil old stands for no record, and a
	// nil next removes it. Records are compared by all of their bytes; no two
	// writes of a Cache have the same. When Swap returns nil, the record
	// survives the end of the process.
	//
	// The record is of no use after ttl, and a Store that forgets may forget
	// it then.
	Swap(ctx context.Context, name string, old, next []byte, ttl time.Duration) error

	// Delete removes records. Those that are not there do not matter.
	Delete(ctx context.Context, names ...string) error

	// Lock waits until it holds the lock of the given name, which has nothing
	// to do with the record of that name, and returns a function that gives
	// it back and may be called once. The lock of a process that ends becomes
	// free, and one whose holder has shown no life for some seconds, stopped
	// or cut off, makes Lock fail with ErrStalled: the caller then goes on
	// without it. A lock saves work; nothing is wrong without it.
	Lock(ctx context.Context, name string) (unlock func(), err error)
}

// Aside is what a [Store] may implement that can keep a record which could not
// be opened, for a person to look at. Without it, the record is overwritten by
// the next one of its name.
type Aside interface {
	// SetAside moves the record out of the way if it still is data.
	SetAside(ctx context.Context, name string, data []byte) error
}

// MaxRecord is the most bytes that a record has.
const MaxRecord = 1<<20 + 256

// Errors that stores return, wrapped or not.
var (
	// ErrNotFound says that there is no such record.
	ErrNotFound = errors.New("msalcae: the cache has no such record")
	// ErrConflict says that another has changed the record.
	ErrConflict = errors.New("msalcae: another process has changed the cache's record; load it again")
	// ErrStalled says that the holder of a lock shows no life.
	ErrStalled = errors.New("msalcae: the process that holds the cache's lock has stopped; going on without the lock")
)

// Errors that a Cache returns, wrapped.
var (
	// ErrUnreadable says that a record was changed by somebody who does not
	// have the key, was put in another's place, or is an earlier one of its
	// own. It is not used.
	ErrUnreadable = errors.New("msalcae: a record of the cache cannot be used")
	// ErrTooLarge says that there is more to store than a record may hold.
	ErrTooLarge = errors.New("msalcae: a record of the cache would exceed 1 MiB; it was not stored")
	// ErrBadKey is why a Cache works with nothing: a key is too short.
	ErrBadKey = errors.New("msalcae: a key of the cache has fewer than 32 bytes; make it of 32 random bytes")
)
