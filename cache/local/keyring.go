package local

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"
)

// A keyring opens the key of a cache.
type keyring struct {
	files     *files
	item      string
	plaintext bool     // allowed
	own       KeyStore // nil: the system's
	warn      func(error)
}

const (
	infoFile = "keyinfo.json"
	keySize  = 32
)

// keyInfo remembers which store has the key, so that no session makes a second
// one because it cannot reach the first.
type keyInfo struct {
	Version int    `json:"version"`
	Store   string `json:"store"`
	KeyID   string `json:"key_id"` // says which key, and nothing about it
}

func keyID(key []byte) string {
	sum := sha256.Sum256(append([]byte("msalcae key id\x00"), key...))
	return hex.EncodeToString(sum[:8])
}

// open returns the key, and makes it if there is none.
func (k *keyring) open() ([]byte, error) {
	if key, err := k.load(); !errors.Is(err, ErrNoKey) {
		return key, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), loadTimeout+10*time.Second)
	defer cancel()
	l, err := k.files.acquire(ctx, "keyinfo"+lockEnd, func(string) error { return nil })
	if err != nil {
		return nil, err
	}
	defer func() { _ = l.Unlock() }()
	key, err := k.load() // another process may have made it
	if errors.Is(err, ErrNoKey) {
		key, err = k.create()
	}
	return key, err
}

// load returns the key from where it was put. ErrNoKey says that it was put
// nowhere, or is gone from there.
func (k *keyring) load() ([]byte, error) {
	info, err := k.info()
	if err != nil {
		return nil, err
	}
	store := k.named(info.Store)
	if store == nil {
		return nil, fmt.Errorf("%w: the key of this cache is in %q, which is not there for this program now; %s", ErrNoSecureStorage, info.Store, k.advice())
	}
	ctx, cancel := context.WithTimeout(context.Background(), loadTimeout)
	defer cancel()
	key, err := store.Load(ctx, k.item)
	switch {
	case errors.Is(err, ErrUnsafe), errors.Is(err, ErrNoKey):
		return nil, err
	case err != nil:
		return nil, fmt.Errorf("%w: the key of this cache is in %s, which cannot be reached (%w); %s", ErrNoSecureStorage, info.Store, err, k.advice())
	case len(key) != keySize || keyID(key) != info.KeyID:
		return nil, ErrNoKey
	}
	return key, nil
}

// info tells where the key is; ErrNoKey if nowhere.
func (k *keyring) info() (info keyInfo, err error) {
	err = k.files.within(context.Background(), false, func(root *os.Root) error {
		data, err := k.files.read(root, infoFile)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return ErrNoKey
		case errors.Is(err, ErrUnsafe):
			return err
		case err != nil:
			return failed("read", k.files.path(infoFile), err)
		case json.Unmarshal(data, &info) != nil, info.Version != 1:
			return ErrNoKey // what it said is lost
		}
		return nil
	})
	if err == nil && info.Store == plaintextName && !k.plaintext && k.own == nil {
		return info, ErrNoKey // a key that lay open is not used by who does not allow it
	}
	return info, err
}

// create keeps a key in the first store that can, a new one unless it has one.
func (k *keyring) create() ([]byte, error) {
	before, _ := k.info()
	var reasons []string
	for _, store := range k.stores(before.Store) {
		key, err := k.keep(store)
		if err != nil {
			reasons = append(reasons, store.Name()+": "+err.Error())
			continue
		}
		if err := k.note(keyInfo{1, store.Name(), keyID(key)}); err != nil {
			return nil, err
		}
		k.tell(before, store)
		return key, nil
	}
	if before.Store != "" && before.Store != plaintextName {
		return nil, fmt.Errorf("%w: the key of this cache is gone, and %s; %s", ErrNoSecureStorage, strings.Join(reasons, "; "), k.advice())
	}
	return nil, fmt.Errorf("%w: no key store of the system can be used (%s); %s, or set Options.AllowPlaintext to keep the key in a file",
		ErrNoSecureStorage, strings.Join(append(reasons, k.absent()...), "; "), k.advice())
}

// keep puts a new key into a store, if it then has it. A key that is there
// already is the one of another session, with key stores of its own, and still
// opens what was sealed then.
func (k *keyring) keep(store KeyStore) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), probeTimeout)
	defer cancel()
	if key, err := store.Load(ctx, k.item); err == nil && len(key) == keySize {
		return key, nil
	}
	key := make([]byte, keySize)
	_, _ = rand.Read(key) // never fails
	if err := store.Save(ctx, k.item, key); err != nil {
		return nil, err
	}
	got, err := store.Load(ctx, k.item)
	if err == nil && !bytes.Equal(got, key) {
		err = errors.New("it does not return what was kept")
	}
	return key, err
}

func (k *keyring) note(info keyInfo) error {
	data, err := json.Marshal(info)
	if err != nil {
		return err
	}
	return k.files.within(context.Background(), true, func(root *os.Root) error { return k.files.write(root, infoFile, data) })
}

// tell warns of a key that is not the one before it.
func (k *keyring) tell(before keyInfo, now KeyStore) {
	switch {
	case before.Store == "":
	case before.Store == plaintextName && now.Name() != plaintextName:
		_ = (plaintext{k.files}).Delete(context.Background(), k.item)
		k.warn(fmt.Errorf("msalcae: the cache's key lay in a file; there is a new one in %s, and everybody signs in again", now.Name()))
	default:
		k.warn(fmt.Errorf("msalcae: the cache's key is not the one that was in %s before; there is a new one in %s, and who signed in before signs in again", before.Store, now.Name()))
	}
}

// stores are those that a new key may be kept in, in this order. A cache whose
// key was in one of the system's stays there, unless that one forgets: then it
// may have been chosen only because a better one was locked at the time.
func (k *keyring) stores(before string) []KeyStore {
	if k.own != nil {
		return []KeyStore{k.own}
	}
	if store := k.named(before); store != nil && !forgetful(store) {
		return []KeyStore{store}
	}
	stores := system(k.files)
	if k.plaintext {
		stores = append(stores, plaintext{k.files})
	}
	return stores
}

// named returns the store of that name, nil if it is not there.
func (k *keyring) named(name string) KeyStore {
	all := system(k.files)
	if k.own != nil {
		all = []KeyStore{k.own}
	} else if k.plaintext {
		all = append(all, plaintext{k.files})
	}
	for _, store := range all {
		if store.Name() == name {
			return store
		}
	}
	return nil
}

// absent says which stores there might be, but are not.
func (k *keyring) absent() []string {
	if k.own != nil {
		return nil
	}
	return missing()
}

func (k *keyring) advice() string {
	if k.own != nil {
		return "see to the program's own key store"
	}
	return systemAdvice
}

// remove removes the key and what is known of it.
func (k *keyring) remove() error {
	info, err := k.info()
	if errors.Is(err, ErrNoKey) && info.Store == "" {
		return nil
	}
	if store := k.named(info.Store); store != nil {
		ctx, cancel := context.WithTimeout(context.Background(), loadTimeout)
		defer cancel()
		if err := store.Delete(ctx, k.item); err != nil && !errors.Is(err, ErrNoKey) {
			return fmt.Errorf("msalcae: cannot remove the cache's key from %s: %w", info.Store, err)
		}
	}
	_ = (plaintext{k.files}).Delete(context.Background(), k.item)
	return k.files.within(context.Background(), false, func(root *os.Root) error { return k.files.drop(root, infoFile) })
}
