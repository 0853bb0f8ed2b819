package local

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"golang.org/x/sys/unix"
)

// kernelKeyring keeps the key in the user's persistent keyring in the kernel, or
// where there is none, in the user keyring. See keyrings(7).
type kernelKeyring struct{}

// keyPermissions let processes of the user that do not possess the key, as in
// another session, find, read and replace it. See keyctl_setperm(3).
const keyPermissions = 0x3f3f0000

func (kernelKeyring) Name() string { return "the kernel's keyring" }

// forgets: a key ends with a restart of the machine, or three days without use.
func (kernelKeyring) forgets() {}

// on calls f with the ring, which the thread then possesses. The thread, and
// what it possesses, end afterwards.
func (kernelKeyring) on(ctx context.Context, f func(ring int) ([]byte, error)) ([]byte, error) {
	return limited(ctx, func() ([]byte, error) {
		runtime.LockOSThread() // and never unlock it
		ring, err := unix.KeyctlInt(unix.KEYCTL_GET_PERSISTENT, -1, unix.KEY_SPEC_THREAD_KEYRING, 0, 0)
		if err != nil {
			ring, err = unix.KeyctlGetKeyringID(unix.KEY_SPEC_USER_KEYRING, true)
		}
		if err != nil {
			return nil, fmt.Errorf("keyctl: %w", err)
		}
		return f(ring)
	})
}

// find returns the id of the item's key.
func (kernelKeyring) find(ring int, item string) (int, error) {
	id, err := unix.KeyctlSearch(ring, "user", service+" "+item, 0)
	switch {
	case errors.Is(err, unix.ENOKEY), errors.Is(err, unix.EKEYEXPIRED), errors.Is(err, unix.EKEYREVOKED):
		return 0, ErrNoKey
	case err != nil:
		return 0, fmt.Errorf("keyctl: %w", err)
	}
	return id, nil
}

func (k kernelKeyring) Load(ctx context.Context, item string) ([]byte, error) {
	return k.on(ctx, func(ring int) ([]byte, error) {
		id, err := k.find(ring, item)
		if err != nil {
			return nil, err
		}
		key := make([]byte, 2*keySize)
		n, err := unix.KeyctlBuffer(unix.KEYCTL_READ, id, key, 0)
		if err != nil || n > len(key) {
			return nil, fmt.Errorf("keyctl: %w", errors.Join(err, unix.EINVAL))
		}
		return key[:n], nil
	})
}

func (k kernelKeyring) Save(ctx context.Context, item string, key []byte) error {
	_, err := k.on(ctx, func(ring int) ([]byte, error) {
		id, err := unix.AddKey("user", service+" "+item, key, ring)
		if err == nil {
			err = unix.KeyctlSetperm(id, keyPermissions)
		}
		if err != nil {
			return nil, fmt.Errorf("keyctl: %w", err)
		}
		return nil, nil
	})
	return err
}

func (k kernelKeyring) Delete(ctx context.Context, item string) error {
	_, err := k.on(ctx, func(ring int) ([]byte, error) {
		id, err := k.find(ring, item)
		if errors.Is(err, ErrNoKey) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		if _, err = unix.KeyctlInt(unix.KEYCTL_UNLINK, id, ring, 0, 0); err != nil {
			return nil, fmt.Errorf("keyctl: %w", err)
		}
		return nil, nil
	})
	return err
}
