//go:build unix

package local

import (
	"io/fs"
	"os"
	"syscall"
)

// openFlags keep an open from following a link or waiting for a pipe.
const openFlags = syscall.O_NOFOLLOW | syscall.O_NONBLOCK

func owned(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int64(stat.Uid) == int64(os.Geteuid())
}

func writable(info fs.FileInfo) bool { return info.Mode().Perm()&0o022 != 0 }

func readable(info fs.FileInfo) bool { return info.Mode().Perm()&0o077 != 0 }

// syncDir makes a rename in the folder survive a loss of power.
func syncDir(root *os.Root) error {
	dir, err := root.Open(".")
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}

// replace renames a file over another.
func replace(root *os.Root, from, to string) error { return root.Rename(from, to) }
