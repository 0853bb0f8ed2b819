//go:build !unix

package local

import (
	"errors"
	"io/fs"
	"os"
	"time"
)

const openFlags = 0

// Windows' cache folder, %LocalAppData%, is the user's own by its access list,
// which mode bits do not show.
func owned(fs.FileInfo) bool    { return true }
func writable(fs.FileInfo) bool { return false }
func readable(fs.FileInfo) bool { return false }

// syncDir does nothing: folders cannot be synced here, and NTFS keeps a journal
// of renames.
func syncDir(*os.Root) error { return nil }

// replace renames a file over another, and tries again for up to two seconds
// while a reader or a virus scanner has that one open.
func replace(root *os.Root, from, to string) error {
	for wait := time.Millisecond; ; wait *= 2 {
		err := root.Rename(from, to)
		if err == nil || errors.Is(err, fs.ErrNotExist) || wait > time.Second {
			return err
		}
		time.Sleep(wait)
	}
}
