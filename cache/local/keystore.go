package local

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"time"
)

// A KeyStore keeps the key of a cache: 32 bytes that nobody but the user should
// get. Programs may bring their own, such as a native Keychain item of a signed
// application.
type KeyStore interface {
	// Name is what the store is called, and stays called: a cache that was
	// made with one is not opened with a store of another name.
	Name() string
	// Load returns what Save has kept for item, or ErrNoKey if there is
	// nothing. Any other error says that the store cannot be reached.
	Load(ctx context.Context, item string) ([]byte, error)
	// Save keeps key for item, in the place of one that was there.
	Save(ctx context.Context, item string, key []byte) error
	// Delete removes what was kept for item. It does not matter if there is
	// nothing.
	Delete(ctx context.Context, item string) error
}

// ErrNoKey says that a KeyStore can be reached and has no such key.
var ErrNoKey = errors.New("msalcae: there is no such key")

// forgetful reports whether store loses its keys in the normal course of things.
func forgetful(store KeyStore) bool {
	_, ok := store.(interface{ forgets() })
	return ok
}

// itemFor names the key of the cache in dir, since one program may have several.
func itemFor(app, dir string) string {
	sum := sha256.Sum256([]byte(dir))
	return app + " " + hex.EncodeToString(sum[:8])
}

const (
	// probeTimeout is how long a store may take that was not chosen yet, and
	// loadTimeout one that was, for a person to unlock it.
	probeTimeout = 3 * time.Second
	loadTimeout  = 20 * time.Second
)

var errSlow = errors.New("it did not answer in time; it may be locked")

// limited calls what knows no contexts. What goes on too long is left alone.
func limited[T any](ctx context.Context, f func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		value, err := f()
		done <- result{value, err}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		var none T
		return none, errSlow
	}
}
