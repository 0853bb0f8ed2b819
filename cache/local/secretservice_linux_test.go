package local

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A desktop is a home folder with a keyring that is opened by a password, and
// sessions in which a Secret Service runs.
type desktop struct{ home string }

func newDesktop(t testing.TB) desktop {
	t.Helper()
	d := desktop{t.TempDir()}
	require.NoError(t, os.Mkdir(d.runtime(), 0o700))
	return d
}

func (d desktop) runtime() string { return filepath.Join(d.home, "run") }

// in has a child run in a session bus of its own, after a command that starts
// the Secret Service. Both end with the bus.
func (d desktop) in(t testing.TB, start string) func(*exec.Cmd) {
	bus, err := exec.LookPath("dbus-run-session")
	require.NoError(t, err, "install what scripts/needs.txt says")
	return func(c *exec.Cmd) {
		script := start + ` >/dev/null 2>&1; exec "$0" "$@"`
		c.Args = append([]string{bus, "--", "sh", "-c", script, c.Path}, c.Args[1:]...)
		c.Path = bus
		c.Env = append(c.Env, "HOME="+d.home, "XDG_RUNTIME_DIR="+d.runtime(), "XDG_DATA_HOME=", "DBUS_SESSION_BUS_ADDRESS=", "DISPLAY=", "WAYLAND_DISPLAY=")
	}
}

const (
	unlocked = `printf password | gnome-keyring-daemon --unlock --components=secrets`
	locked   = `gnome-keyring-daemon --start --components=secrets`
)

func TestSecretService(t *testing.T) {
	d := newDesktop(t)
	dir := filepath.Join(d.home, "cache")
	assert.Equal(t, "the Secret Service 1", run(t, "count-up", []string{dir}, d.in(t, unlocked)))
	assert.Equal(t, "the Secret Service 2", run(t, "count-up", []string{dir}, d.in(t, unlocked)))
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		assert.NotContains(t, e.Name(), ".key", "the key is not here")
	}

	said := run(t, "count-up", []string{dir}, d.in(t, locked))
	assert.Contains(t, said, ErrNoSecureStorage.Error())
	assert.Contains(t, said, "the key of this cache is in the Secret Service, which cannot be reached")
	said = run(t, "count-up", []string{dir, "plaintext"}, noBus)
	assert.Contains(t, said, `is in "the Secret Service", which is not there`, "over ssh, say: no second key")

	assert.Equal(t, "the Secret Service 3", run(t, "count-up", []string{dir}, d.in(t, unlocked)), "nothing was lost")
	run(t, "forget", []string{dir}, d.in(t, unlocked))
	assert.NoFileExists(t, filepath.Join(dir, infoFile))
	assert.Equal(t, "the Secret Service 1", run(t, "count-up", []string{dir}, d.in(t, unlocked)))
}

// A keyring that is locked, or not there, when the cache is made: the next store
// takes the key, and keeps it.
func TestLockedSecretServiceAtFirst(t *testing.T) {
	d := newDesktop(t)
	run(t, "count-up", []string{filepath.Join(d.home, "other")}, d.in(t, unlocked)) // now there is one
	dir := filepath.Join(d.home, "cache")
	said := run(t, "count-up", []string{dir, "no-keyctl"}, d.in(t, locked))
	assert.Contains(t, said, ErrNoSecureStorage.Error())
	assert.Contains(t, said, "failed to unlock")
	assert.Equal(t, "a file 1", run(t, "count-up", []string{dir, "no-keyctl", "plaintext"}, d.in(t, locked)))
	assert.Equal(t, "a file 2", run(t, "count-up", []string{dir, "no-keyctl", "plaintext"}, d.in(t, unlocked)))
}

// The kernel's keyring has the key only because the better store was locked at
// the time: a restart, which loses the key in any case, mends that.
func TestRestartChoosesTheKeyStoreAnew(t *testing.T) {
	d := newDesktop(t)
	dir := filepath.Join(d.home, "cache")
	run(t, "count-up", []string{filepath.Join(d.home, "other")}, d.in(t, unlocked)) // now there is a keyring to be locked
	first := run(t, "count-up", []string{dir}, d.in(t, locked))
	if !hasKernelKeyring(t) {
		assert.Contains(t, first, ErrNoSecureStorage.Error())
		return
	}
	t.Cleanup(func() { _ = (kernelKeyring{}).Delete(context.Background(), itemFor("app", dir)) })
	assert.Equal(t, "the kernel's keyring 1", first)
	assert.Equal(t, "the kernel's keyring 2", run(t, "count-up", []string{dir}, d.in(t, unlocked)), "the key stays where it is")
	require.NoError(t, (kernelKeyring{}).Delete(t.Context(), itemFor("app", dir)))
	said := strings.Split(run(t, "count-up", []string{dir}, d.in(t, unlocked)), "\n")
	require.Len(t, said, 2)
	assert.Contains(t, said[0], "warning:")
	assert.Equal(t, "the Secret Service 1", said[1])
	assert.Equal(t, "the Secret Service 2", run(t, "count-up", []string{dir}, d.in(t, unlocked)))
}

func TestBusThatDoesNotAnswer(t *testing.T) {
	t.Parallel() // it waits most of the time
	path := filepath.Join(t.TempDir(), "bus")
	silent, err := net.Listen("unix", path)
	require.NoError(t, err)
	defer silent.Close()
	dir := t.TempDir()
	said := run(t, "count-up", []string{dir, "no-keyctl"}, func(c *exec.Cmd) { c.Env = append(c.Env, "DBUS_SESSION_BUS_ADDRESS=unix:path="+path) })
	assert.Contains(t, said, "did not answer in time")
}

// Without a bus the library would start one, and a daemon, that stay behind.
func TestNoBusIsStarted(t *testing.T) {
	trap := t.TempDir()
	started := filepath.Join(trap, "started")
	require.NoError(t, os.WriteFile(filepath.Join(trap, "dbus-launch"), []byte("#!/bin/sh\ntouch "+started+"\n"), 0o755))
	run(t, "count-up", []string{t.TempDir(), "no-keyctl"}, noBus, func(c *exec.Cmd) { c.Env = append(c.Env, "PATH="+trap+":"+os.Getenv("PATH")) })
	assert.NoFileExists(t, started)
}
