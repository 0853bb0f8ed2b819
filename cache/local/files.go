package local

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/msalcae/msalcae/cache"
)

const (
	maxFile = 2 << 20
	// Endings of file names. A record's lock guards changes of its file.
	recordEnd, asideEnd, tempEnd, lockEnd, flightEnd = ".bin", ".bad", ".tmp", ".lock", ".flight"
)

// files is a cache.Store in a folder.
type files struct{ dir string }

var (
	_ cache.Store = (*files)(nil)
	_ cache.Aside = (*files)(nil)
)

func (f *files) path(name string) string { return filepath.Join(f.dir, name) }

// prepare makes the folder and looks whether it is safe.
func (f *files) prepare() error {
	if err := os.MkdirAll(f.dir, 0o700); err != nil {
		return failed("make", f.dir, err)
	}
	return checkDir(f.dir)
}

// within calls do with the folder, out of which no name leads. A folder that
// was removed meanwhile is made again if there is something to write.
func (f *files) within(ctx context.Context, write bool, do func(root *os.Root) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	root, err := os.OpenRoot(f.dir)
	if errors.Is(err, fs.ErrNotExist) && write {
		if err = f.prepare(); err == nil {
			root, err = os.OpenRoot(f.dir)
		}
	}
	if err != nil {
		return failed("open", f.dir, err)
	}
	defer root.Close()
	return do(root)
}

// Load implements cache.Store. It takes no lock: a file is replaced as a whole.
func (f *files) Load(ctx context.Context, name string) (data []byte, err error) {
	err = f.within(ctx, false, func(root *os.Root) error {
		data, err = f.load(root, name)
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		err = cache.ErrNotFound
	}
	return data, err
}

func (f *files) load(root *os.Root, name string) ([]byte, error) {
	data, err := f.read(root, name+recordEnd)
	switch {
	case err == nil || errors.Is(err, ErrUnsafe):
		return data, err
	case errors.Is(err, fs.ErrNotExist):
		return nil, cache.ErrNotFound
	}
	return nil, failed("read", f.path(name+recordEnd), err)
}

// Swap implements cache.Store. Files do not forget by themselves: sweep does.
func (f *files) Swap(ctx context.Context, name string, old, next []byte, _ time.Duration) error {
	return f.locked(ctx, name, func(root *os.Root) error {
		cur, err := f.load(root, name)
		switch {
		case errors.Is(err, cache.ErrNotFound):
			cur = nil
		case err != nil:
			return err
		case cur == nil:
			cur = []byte{}
		}
		if !bytes.Equal(cur, old) || (cur == nil) != (old == nil) {
			return cache.ErrConflict
		}
		if next == nil {
			return f.drop(root, name+recordEnd)
		}
		return f.write(root, name+recordEnd, next)
	})
}

// Delete implements cache.Store.
func (f *files) Delete(ctx context.Context, names ...string) error {
	var errs []error
	for _, name := range names {
		errs = append(errs, f.locked(ctx, name, func(root *os.Root) error { return f.drop(root, name+recordEnd) }))
	}
	return errors.Join(append(errs, ctx.Err())...)
}

// SetAside implements cache.Aside: the latest record of a name that could not
// be opened stays beside it.
func (f *files) SetAside(ctx context.Context, name string, data []byte) error {
	return f.locked(ctx, name, func(root *os.Root) error {
		cur, err := f.load(root, name)
		if err != nil || !bytes.Equal(cur, data) {
			return nil // it is not there any more
		}
		if err := replace(root, name+recordEnd, name+asideEnd); err != nil {
			return failed("rename", f.path(name+recordEnd), err)
		}
		return nil
	})
}

// write replaces a file as a whole. The caller holds its lock, so that a
// temporary file that is there was left by a process that was killed.
func (f *files) write(root *os.Root, name string, data []byte) error {
	temp := name + tempEnd
	if err := root.Remove(temp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return failed("remove", f.path(temp), err)
	}
	err := f.fill(root, temp, data)
	if err == nil {
		err = replace(root, temp, name)
	}
	if err != nil {
		_ = root.Remove(temp)
		return failed("write", f.path(name), err)
	}
	if err := syncDir(root); err != nil {
		return failed("write", f.path(name), err)
	}
	return nil
}

func (f *files) fill(root *os.Root, temp string, data []byte) error {
	file, err := root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL|openFlags, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	if err == nil {
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}

func (f *files) drop(root *os.Root, name string) error {
	if err := root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return failed("remove", f.path(name), err)
	}
	return nil
}

// unused is how long a record may be without a change. Entra ends a refresh
// token that was not used for 90 days.
const unused = 100 * 24 * time.Hour

// sweep removes what has long been of no use. It is not needed for anything
// else, so that what fails is tried again another time.
func (f *files) sweep() {
	f.removeIf(context.Background(), func(info fs.FileInfo) bool { return time.Since(info.ModTime()) > unused })
}

// removeAll removes all records.
func (f *files) removeAll(ctx context.Context) error {
	return f.removeIf(ctx, func(fs.FileInfo) bool { return true })
}

// removeIf removes the files of records that match, each under its lock.
func (f *files) removeIf(ctx context.Context, match func(fs.FileInfo) bool) error {
	entries, err := os.ReadDir(f.dir)
	if err != nil {
		return failed("list", f.dir, err)
	}
	var errs []error
	for _, e := range entries {
		name, end, _ := strings.Cut(e.Name(), ".")
		if end = "." + end; end != recordEnd && end != asideEnd && end != recordEnd+tempEnd {
			continue
		}
		if info, err := e.Info(); err != nil || !match(info) {
			continue
		}
		errs = append(errs, f.locked(ctx, name, func(root *os.Root) error {
			if info, err := root.Lstat(e.Name()); err != nil || !match(info) {
				return nil
			}
			return f.drop(root, e.Name())
		}))
	}
	return errors.Join(errs...)
}
