package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"unsafe"

	"golang.org/x/sys/windows"
)

const systemAdvice = "log in as the user whose cache it is"

// system returns DPAPI, which is always there.
func system(f *files) []KeyStore { return []KeyStore{dpapi{f}} }

func missing() []string { return nil }

// dpapi keeps the key in a file that CryptProtectData has protected for the
// user. After a reset of the password, or for a copied profile, Windows cannot
// open it any more: the key then counts as gone.
type dpapi struct{ files *files }

const dpapiFile = "dpapi.key"

func (dpapi) Name() string { return "DPAPI" }

func (d dpapi) Load(ctx context.Context, item string) (key []byte, err error) {
	var sealed []byte
	err = d.files.within(ctx, false, func(root *os.Root) error {
		sealed, err = d.files.read(root, dpapiFile)
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNoKey
	}
	if err != nil {
		return nil, err
	}
	var out windows.DataBlob
	in, entropy := blobOf(sealed), blobOf([]byte(item))
	err = windows.CryptUnprotectData(&in, nil, &entropy, 0, nil, windows.CRYPTPROTECT_UI_FORBIDDEN, &out)
	if err != nil {
		return nil, ErrNoKey
	}
	return takeBlob(out), nil
}

func (d dpapi) Save(ctx context.Context, item string, key []byte) error {
	var out windows.DataBlob
	in, entropy := blobOf(key), blobOf([]byte(item))
	if err := windows.CryptProtectData(&in, nil, &entropy, 0, nil, windows.CRYPTPROTECT_UI_FORBIDDEN, &out); err != nil {
		return fmt.Errorf("CryptProtectData: %w", err)
	}
	sealed := takeBlob(out)
	return d.files.within(ctx, true, func(root *os.Root) error { return d.files.write(root, dpapiFile, sealed) })
}

func (d dpapi) Delete(ctx context.Context, _ string) error {
	return d.files.within(ctx, false, func(root *os.Root) error { return d.files.drop(root, dpapiFile) })
}

func blobOf(data []byte) windows.DataBlob {
	if len(data) == 0 {
		return windows.DataBlob{}
	}
	return windows.DataBlob{Size: uint32(len(data)), Data: &data[0]}
}

// takeBlob copies what Windows has allocated, and frees it.
func takeBlob(b windows.DataBlob) []byte {
	defer func() { _, _ = windows.LocalFree(windows.Handle(unsafe.Pointer(b.Data))) }()
	return append([]byte{}, unsafe.Slice(b.Data, b.Size)...)
}
