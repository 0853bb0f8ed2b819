//go:build unix

package local

import (
	"context"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const nobody = 65534

// asNobody has a child run as another user, where this one may say so. A user
// who is not root needs it no more: the rules of files hold for them.
func asNobody(c *exec.Cmd) {
	if os.Geteuid() == 0 {
		c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
}

// given gives a folder, and all that leads to it and is in it, to who asNobody is.
func given(t testing.TB, dir string) {
	t.Helper()
	if os.Geteuid() != 0 {
		return
	}
	require.NoError(t, filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		require.NoError(t, err)
		return os.Lchown(path, nobody, nobody)
	}))
	for up := filepath.Dir(dir); up != os.TempDir() && up != "/" && up != "."; up = filepath.Dir(up) {
		require.NoError(t, os.Chmod(up, 0o755))
	}
}

// reachable is a copy of this test binary that everybody may run.
func reachable(t testing.TB) func(*exec.Cmd) {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	data, err := os.ReadFile(self)
	require.NoError(t, err)
	dir := t.TempDir()
	path := filepath.Join(dir, "local.test")
	require.NoError(t, os.WriteFile(path, data, 0o755))
	for ; dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
		require.NoError(t, os.Chmod(dir, 0o755))
	}
	return func(c *exec.Cmd) { c.Path, c.Dir = path, "/" }
}

func init() {
	// try changes what is there and prints what came of it.
	roles["try"] = func(args []string) error {
		err := counter(args[0]).Update(context.Background(), func(c counts) { c["shared"] = 2 })
		return say(err)
	}
	// full does so where no file may grow, as on a disk that is full.
	roles["full"] = func(args []string) error {
		signal.Ignore(syscall.SIGXFSZ)
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 10, Max: 10}); err != nil {
			return err
		}
		err := counter(args[0]).Update(context.Background(), func(c counts) { c["shared"] = 2 })
		return say(err)
	}
	roles["open"] = func(args []string) error {
		_, err := Open("app", Options{Dir: args[0], AllowPlaintext: true})
		return say(err)
	}
	roles["forget"] = func(args []string) error { return Remove("app", Options{Dir: args[0]}) }
	roles["open-default"] = func([]string) error {
		_, err := Open("app")
		return say(err)
	}
}

func say(err error) error {
	if err == nil {
		_, err = os.Stdout.WriteString("ok")
		return err
	}
	_, err = os.Stdout.WriteString(err.Error())
	return err
}

func TestFullDisk(t *testing.T) {
	dir, _ := stored(t)
	said := run(t, "full", []string{dir})
	assert.Contains(t, said, "cannot write")
	assert.Contains(t, said, "file too large")
	n, err := load(t, dir)
	require.NoError(t, err)
	assert.Equal(t, 1, n, "what was there is still there")
	assertTidy(t, dir)
}

func TestReadOnlyFolder(t *testing.T) {
	dir, path := stored(t)
	given(t, dir)
	require.NoError(t, os.Chmod(dir, 0o500))
	t.Cleanup(func() { _ = os.Chmod(dir, 0o700) })
	before, err := os.ReadFile(path)
	require.NoError(t, err)

	assert.Contains(t, run(t, "try", []string{dir}, reachable(t), asNobody), "permission denied")
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, before, after)
	assert.Contains(t, run(t, "open", []string{dir}, reachable(t), asNobody), "permission denied", "Open says so at once")
}

func TestNoHome(t *testing.T) {
	bare := func(c *exec.Cmd) {
		c.Env = []string{roleVar + "=open-default"}
	}
	said := run(t, "open-default", nil, bare)
	assert.Contains(t, said, "HOME")
	assert.Contains(t, said, "Options.Dir")
}

func TestPlantedLinks(t *testing.T) {
	t.Run("in place of a record", func(t *testing.T) {
		for _, victim := range []string{filepath.Join(t.TempDir(), "victim"), "inside"} {
			dir, path := stored(t)
			if !filepath.IsAbs(victim) {
				victim = filepath.Join(dir, victim)
			}
			require.NoError(t, os.WriteFile(victim, []byte("mine"), 0o600))
			require.NoError(t, os.Remove(path))
			require.NoError(t, os.Symlink(victim, path))
			_, err := load(t, dir)
			assert.ErrorIs(t, err, ErrUnsafe)
			assert.ErrorIs(t, counter(dir).Update(t.Context(), func(c counts) { c["shared"] = 2 }), ErrUnsafe)
			assertContent(t, victim, "mine")
		}
	})
	t.Run("in place of what is written", func(t *testing.T) {
		dir, path := stored(t)
		victim := filepath.Join(t.TempDir(), "victim")
		require.NoError(t, os.WriteFile(victim, []byte("mine"), 0o600))
		require.NoError(t, os.Symlink(victim, path+tempEnd))
		write(t, dir, 2)
		assertContent(t, victim, "mine")
	})
	t.Run("in place of a lock", func(t *testing.T) {
		dir, path := stored(t)
		lock := strings.TrimSuffix(path, recordEnd) + lockEnd
		victim := filepath.Join(t.TempDir(), "victim")
		require.NoError(t, os.Remove(lock))
		require.NoError(t, os.Symlink(victim, lock))
		assert.Error(t, counter(dir).Update(t.Context(), func(c counts) { c["shared"] = 2 }))
		assert.NoFileExists(t, victim)
	})
	t.Run("in place of the folder", func(t *testing.T) {
		dir, _ := stored(t)
		link := filepath.Join(t.TempDir(), "link")
		require.NoError(t, os.Symlink(dir, link))
		_, err := Open("app", Options{Dir: link, AllowPlaintext: true})
		assert.ErrorIs(t, err, ErrUnsafe)
	})
	t.Run("a pipe", func(t *testing.T) {
		dir, path := stored(t)
		require.NoError(t, os.Remove(path))
		require.NoError(t, syscall.Mkfifo(path, 0o600))
		_, err := load(t, dir)
		assert.ErrorIs(t, err, ErrUnsafe)
	})
}

func assertContent(t testing.TB, path, want string) {
	t.Helper()
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, want, string(got))
}

func TestFileThatOthersMayRead(t *testing.T) {
	dir, path := stored(t)
	require.NoError(t, os.Chmod(path, 0o644))
	n, err := load(t, dir)
	require.NoError(t, err, "it is sealed")
	assert.Equal(t, 1, n)
	assertTidy(t, dir) // and they may not any more
}

func TestFileThatOthersMayWrite(t *testing.T) {
	dir, path := stored(t)
	require.NoError(t, os.Chmod(path, 0o666))
	_, err := load(t, dir)
	assert.ErrorIs(t, err, ErrUnsafe)
}

func TestForeignOwner(t *testing.T) {
	dir, path := stored(t)
	if os.Geteuid() != 0 { // the other way round: somebody else's
		assert.ErrorIs(t, checkDir("/"), ErrUnsafe)
		return
	}
	require.NoError(t, os.Lchown(path, nobody, nobody))
	before, err := os.ReadFile(path)
	require.NoError(t, err)
	_, err = load(t, dir)
	assert.ErrorIs(t, err, ErrUnsafe)
	assert.ErrorContains(t, err, path)
	assert.ErrorIs(t, counter(dir).Update(t.Context(), func(c counts) { c["shared"] = 2 }), ErrUnsafe)
	assertContent(t, path, string(before))

	require.NoError(t, os.Lchown(dir, nobody, nobody))
	_, err = Open("app", Options{Dir: dir, AllowPlaintext: true})
	assert.ErrorIs(t, err, ErrUnsafe)
}

func TestFolderThatOthersMayWrite(t *testing.T) {
	dir, _ := stored(t)
	require.NoError(t, os.Chmod(dir, 0o777))
	_, err := Open("app", Options{Dir: dir, AllowPlaintext: true})
	assert.ErrorIs(t, err, ErrUnsafe)
	assert.ErrorContains(t, err, "chmod 700")
}

func TestHugeFile(t *testing.T) {
	dir, path := stored(t)
	require.NoError(t, os.Truncate(path, 1<<40))
	_, err := load(t, dir)
	assert.ErrorIs(t, err, ErrUnsafe)
}

func TestDefaultFolder(t *testing.T) {
	home := t.TempDir()
	own := func(c *exec.Cmd) { c.Env = append(c.Env, "HOME="+home, "XDG_CACHE_HOME="+filepath.Join(home, "xdg")) }
	said := run(t, "open-default", nil, own)
	dir := filepath.Join(home, "xdg", "app", "msalcae-v1")
	info, err := os.Stat(dir)
	if err != nil { // as on macOS
		dir = filepath.Join(home, "Library", "Caches", "app", "msalcae-v1")
		info, err = os.Stat(dir)
	}
	require.NoError(t, err, said)
	assert.Equal(t, os.FileMode(0o700), info.Mode().Perm())
	run(t, "forget", []string{dir}, own)
}
