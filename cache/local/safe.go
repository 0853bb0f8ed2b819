package local

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// checkDir refuses a folder that is not the user's own, or that others may
// write to.
func checkDir(dir string) error {
	info, err := os.Lstat(dir)
	switch {
	case err != nil:
		return failed("look at", dir, err)
	case !info.IsDir():
		return fmt.Errorf("%w: %s is not a folder; remove it", ErrUnsafe, dir)
	case !owned(info):
		return fmt.Errorf("%w: %s belongs to another user; remove it, or do not run this program as another user than its owner", ErrUnsafe, dir)
	case writable(info):
		return fmt.Errorf("%w: others may write to %s; run chmod 700 on it", ErrUnsafe, dir)
	}
	return nil
}

// checkFile refuses what is not a file of the user's own that only they may
// write to.
func checkFile(path string, info fs.FileInfo) error {
	switch {
	case !info.Mode().IsRegular():
		return fmt.Errorf("%w: %s is not a regular file; remove it", ErrUnsafe, path)
	case !owned(info):
		return fmt.Errorf("%w: %s belongs to another user; remove it", ErrUnsafe, path)
	case writable(info):
		return fmt.Errorf("%w: others may write to %s; remove it", ErrUnsafe, path)
	case info.Size() > maxFile:
		return fmt.Errorf("%w: %s is too large; remove it", ErrUnsafe, path)
	}
	return nil
}

// read returns the content of a file that checkFile accepts. Others who may
// read it may not any more.
func (f *files) read(root *os.Root, name string) ([]byte, error) {
	before, err := root.Lstat(name)
	if err != nil {
		return nil, err
	}
	if err := checkFile(f.path(name), before); err != nil { // before it is opened: a pipe would wait
		return nil, err
	}
	file, err := root.OpenFile(name, os.O_RDONLY|openFlags, 0)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err == nil {
		err = checkFile(f.path(name), info)
	}
	if err != nil {
		return nil, err
	}
	if readable(info) {
		_ = file.Chmod(0o600)
	}
	data, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err == nil && len(data) > maxFile {
		err = fmt.Errorf("%w: %s is too large; remove it", ErrUnsafe, f.path(name))
	}
	return data, err
}

// failed says what could not be done with a file.
func failed(verb, path string, err error) error {
	var pathErr *fs.PathError
	var linkErr *os.LinkError
	switch {
	case errors.As(err, &pathErr):
		err = pathErr.Err
	case errors.As(err, &linkErr):
		err = linkErr.Err
	}
	return fmt.Errorf("msalcae: cannot %s %s: %w", verb, path, err)
}
