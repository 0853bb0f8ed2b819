package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

const plaintextName = "a file"

// plaintext keeps the key in a file beside the records, for who has set
// Options.AllowPlaintext.
type plaintext struct{ files *files }

const plaintextFile = "plaintext.key"

func (plaintext) Name() string { return plaintextName }

// Load refuses a key that others could have read.
func (p plaintext) Load(ctx context.Context, _ string) (key []byte, err error) {
	err = p.files.within(ctx, false, func(root *os.Root) error {
		if info, err := root.Lstat(plaintextFile); err == nil && info.Mode().IsRegular() && readable(info) {
			return fmt.Errorf("%w: others may read the key in %s; remove it, and everybody signs in again", ErrUnsafe, p.files.path(plaintextFile))
		}
		key, err = p.files.read(root, plaintextFile)
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		err = ErrNoKey
	}
	return key, err
}

func (p plaintext) Save(ctx context.Context, _ string, key []byte) error {
	return p.files.within(ctx, true, func(root *os.Root) error { return p.files.write(root, plaintextFile, key) })
}

func (p plaintext) Delete(ctx context.Context, _ string) error {
	return p.files.within(ctx, false, func(root *os.Root) error { return p.files.drop(root, plaintextFile) })
}
