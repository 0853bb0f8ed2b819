package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

func init() {
	// count-up opens the cache as a program does, and prints where the key is
	// and how often it was opened. "plaintext" allows that, "no-keyctl" goes
	// without these calls, as in a container.
	roles["count-up"] = func(args []string) error {
		o := Options{Dir: args[0], Warn: func(err error) { fmt.Println("warning:", err) }}
		for _, arg := range args[1:] {
			switch arg {
			case "plaintext":
				o.AllowPlaintext = true
			case "no-keyctl":
				if err := forbidKeyctl(); err != nil {
					return err
				}
			}
		}
		c, err := Open("app", o)
		if err != nil {
			fmt.Println(err)
			return nil
		}
		info, err := (&keyring{files: &files{dir: o.Dir}, plaintext: true}).info()
		if err != nil {
			return err
		}
		var n int
		err = countRecord{c.Partition(testScope).Record("x")}.Update(context.Background(), func(c counts) { c["x"]++; n = c["x"] })
		fmt.Printf("%s %d\n", info.Store, n)
		return err
	}
}

// forbidKeyctl makes the kernel refuse the calls for keys to this process, as
// Docker's default profile does.
func forbidKeyctl() error {
	load := func(at uint32) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: at}
	}
	ret := func(value uint32) unix.SockFilter { return unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: value} }
	program := []unix.SockFilter{load(0)} // the call's number
	for _, call := range []uint32{unix.SYS_ADD_KEY, unix.SYS_REQUEST_KEY, unix.SYS_KEYCTL} {
		program = append(program,
			unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jf: 1, K: call},
			ret(unix.SECCOMP_RET_ERRNO|uint32(unix.EPERM)))
	}
	program = append(program, ret(unix.SECCOMP_RET_ALLOW))
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	filter := unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&filter)))
	if errno != 0 {
		return errno
	}
	return nil
}

// noBus takes the session bus away.
func noBus(c *exec.Cmd) {
	c.Env = append(c.Env, "DBUS_SESSION_BUS_ADDRESS=", "XDG_RUNTIME_DIR=")
}

// hasKernelKeyring reports whether this machine's kernel lets us keep keys: not
// all containers do, and then the other branch of these tests is run.
func hasKernelKeyring(t testing.TB) bool {
	_, err := (kernelKeyring{}).Load(t.Context(), "nothing")
	return errors.Is(err, ErrNoKey)
}

func TestPlainLinux(t *testing.T) {
	dir := t.TempDir()
	if !hasKernelKeyring(t) {
		assertNoStorage(t, run(t, "count-up", []string{dir}, noBus))
		return
	}
	t.Cleanup(func() { run(t, "forget", []string{dir}, noBus) })
	assert.Equal(t, "the kernel's keyring 1", run(t, "count-up", []string{dir}, noBus))
	assert.Equal(t, "the kernel's keyring 2", run(t, "count-up", []string{dir}, noBus))

	assert.Contains(t, run(t, "count-up", []string{dir, "no-keyctl", "plaintext"}, noBus), "cannot be reached", "no second key")
	run(t, "forget", []string{dir}, noBus)
	_, err := (kernelKeyring{}).Load(t.Context(), itemFor("app", dir))
	assert.ErrorIs(t, err, ErrNoKey)
}

func TestRestartEmptiesTheKernelKeyring(t *testing.T) {
	dir := t.TempDir()
	if !hasKernelKeyring(t) {
		assertNoStorage(t, run(t, "count-up", []string{dir}, noBus))
		return
	}
	t.Cleanup(func() { run(t, "forget", []string{dir}, noBus) })
	run(t, "count-up", []string{dir}, noBus)
	require.NoError(t, (kernelKeyring{}).Delete(t.Context(), itemFor("app", dir)))
	said := strings.Split(run(t, "count-up", []string{dir}, noBus), "\n")
	require.Len(t, said, 2)
	assert.Contains(t, said[0], "warning:")
	assert.Equal(t, "the kernel's keyring 1", said[1])
}

func TestKernelKeyringOfAnotherUser(t *testing.T) {
	dir := t.TempDir()
	given(t, dir)
	said := run(t, "count-up", []string{dir}, noBus, reachable(t), asNobody)
	if !hasKernelKeyring(t) {
		assertNoStorage(t, said)
		return
	}
	t.Cleanup(func() { run(t, "forget", []string{dir}, noBus, reachable(t), asNobody) })
	assert.Equal(t, "the kernel's keyring 1", said)
	assert.Equal(t, "the kernel's keyring 2", run(t, "count-up", []string{dir}, noBus, reachable(t), asNobody))
	if os.Geteuid() == 0 {
		_, err := (kernelKeyring{}).Load(t.Context(), itemFor("app", dir))
		assert.ErrorIs(t, err, ErrNoKey, "each user has a keyring")
	}
}

func assertNoStorage(t testing.TB, said string) {
	t.Helper()
	assert.Contains(t, said, ErrNoSecureStorage.Error())
	assert.Contains(t, said, "there is no session bus")
	assert.Contains(t, said, "keyctl")
	assert.Contains(t, said, "AllowPlaintext")
}

func TestNoKeyctl(t *testing.T) {
	dir := t.TempDir()
	assertNoStorage(t, run(t, "count-up", []string{dir, "no-keyctl"}, noBus))
	assert.Equal(t, "a file 1", run(t, "count-up", []string{dir, "no-keyctl", "plaintext"}, noBus))
	assert.Equal(t, "a file 2", run(t, "count-up", []string{dir, "no-keyctl", "plaintext"}, noBus))

	key := filepath.Join(dir, plaintextFile)
	info, err := os.Stat(key)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	require.NoError(t, os.Chmod(key, 0o644))
	assert.Contains(t, run(t, "count-up", []string{dir, "no-keyctl", "plaintext"}, noBus), "others may read the key")
	require.NoError(t, os.Chmod(key, 0o600))

	assertNoStorage(t, run(t, "count-up", []string{dir, "no-keyctl"}, noBus)) // it is not allowed any more
	if hasKernelKeyring(t) {
		t.Cleanup(func() { run(t, "forget", []string{dir}, noBus) })
		said := strings.Split(run(t, "count-up", []string{dir}, noBus), "\n")
		assert.Contains(t, said[0], "lay in a file")
		assert.Equal(t, "the kernel's keyring 1", said[len(said)-1])
		assert.NoFileExists(t, key)
	}
}
