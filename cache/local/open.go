package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/msalcae/msalcae/cache"
)

// Options are what Open may be told. The zero value is right for most programs.
type Options struct {
	// Dir is the folder for the files, used by this cache alone. "": one
	// in the user's cache folder (os.UserCacheDir).
	Dir string
	// AllowPlaintext allows to keep the key in a file beside the records if
	// the system has no key store that can be used. Whoever can read the
	// user's files, or a backup of them, then has the tokens.
	AllowPlaintext bool
	// KeyStore keeps the key instead of the system's key stores; nil: these.
	KeyStore KeyStore
	// Warn is called with what a person should know although Open succeeds:
	// that the key was lost, so that people sign in again. nil: nobody is told.
	Warn func(error)
}

var (
	// ErrNoSecureStorage says that the key cannot be kept, or what keeps it
	// cannot be reached. The error says why, and what to do.
	ErrNoSecureStorage = errors.New("msalcae: no secure storage")
	// ErrUnsafe says that a file or folder is not the user's own, or others
	// may change it. The error names it.
	ErrUnsafe = errors.New("msalcae: refused for safety")
)

// Open opens the cache of a program, which app names in letters, digits, '.',
// '-' and '_'. All processes of the user that open the same app share it. At
// most one Options is used.
//
// Errors are ErrNoSecureStorage, ErrUnsafe, or why the files cannot be written,
// such as that there is no home folder. It may take some seconds, in which a
// desktop may ask the person to unlock the key store.
func Open(app string, options ...Options) (*cache.Cache, error) {
	var o Options
	if len(options) > 0 {
		o = options[0]
	}
	f, keys, err := place(app, o)
	if err != nil {
		return nil, err
	}
	if err := f.prepare(); err != nil {
		return nil, err
	}
	key, err := keys.open()
	if err != nil {
		return nil, err
	}
	f.sweep()
	return cache.New(f, key), nil
}

// Remove removes what Open has kept for app, the key included. Processes that
// have it open go on in memory. Empty lock files stay.
func Remove(app string, options ...Options) error {
	var o Options
	if len(options) > 0 {
		o = options[0]
	}
	f, keys, err := place(app, o)
	if err != nil {
		return err
	}
	if _, err := os.Lstat(f.dir); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err := f.prepare(); err != nil {
		return err
	}
	return errors.Join(keys.remove(), f.removeAll(context.Background()))
}

// place says where everything is.
func place(app string, o Options) (*files, *keyring, error) {
	if app == "" || strings.Trim(app, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_") != "" || strings.Trim(app, ".") == "" {
		return nil, nil, fmt.Errorf("msalcae: %q cannot name a cache; use letters, digits, '.', '-' and '_'", app)
	}
	dir := o.Dir
	if dir == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return nil, nil, fmt.Errorf("msalcae: there is no folder for the cache (%w); set HOME, or Options.Dir", err)
		}
		dir = filepath.Join(user, app, "msalcae-v1")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, nil, fmt.Errorf("msalcae: there is no folder for the cache (%w); set Options.Dir to an absolute path", err)
	}
	f := &files{dir: dir}
	keys := &keyring{files: f, item: itemFor(app, dir), plaintext: o.AllowPlaintext, own: o.KeyStore, warn: o.Warn}
	if keys.warn == nil {
		keys.warn = func(error) {}
	}
	return f, keys, nil
}
