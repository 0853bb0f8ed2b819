package local

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/msalcae/msalcae/cache"
	"github.com/stretchr/testify/require"
)

// The tests run this test binary again, as other processes with a role. A role
// that returns has ended well.
var roles = map[string]func(args []string) error{}

const roleVar = "MSALCAE_TEST_ROLE"

func TestMain(m *testing.M) {
	if role := os.Getenv(roleVar); role != "" {
		if err := roles[role](os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	status := m.Run()
	if quickDir != "" {
		_ = os.RemoveAll(quickDir)
	}
	os.Exit(status)
}

// light is a folder in memory where the system has one, for tests that write
// thousands of times: what a process has written survives its end there as on a
// disk, which only a loss of power tells apart.
func light(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "msalcae-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// A child is another process.
type child struct {
	*exec.Cmd
	t      testing.TB
	in     io.WriteCloser
	out    *bufio.Reader
	stderr bytes.Buffer
}

// child describes a process with a role; change may change how it is run.
func newChild(t testing.TB, role string, args []string, change ...func(*exec.Cmd)) *child {
	t.Helper()
	path, err := os.Executable()
	require.NoError(t, err)
	c := &child{Cmd: exec.Command(path, args...), t: t}
	c.Env = append(os.Environ(), roleVar+"="+role, "GORACE=atexit_sleep_ms=0")
	c.Stderr = &c.stderr
	out, err := c.StdoutPipe()
	require.NoError(t, err)
	c.out = bufio.NewReader(out)
	c.in, err = c.StdinPipe()
	require.NoError(t, err)
	for _, f := range change {
		f(c.Cmd)
	}
	return c
}

// quick has a child run from a smaller binary of these tests, without the race
// detector, the tests of whole applications and what these need: it starts
// several times as fast, for tests that start thousands of processes.
func quick(t testing.TB) func(*exec.Cmd) {
	t.Helper()
	path, err := builtQuick()
	require.NoError(t, err)
	return func(c *exec.Cmd) { c.Path = path }
}

var quickDir string // what TestMain removes

var builtQuick = sync.OnceValues(func() (path string, err error) {
	if quickDir, err = os.MkdirTemp("", "msalcae-quick-"); err != nil {
		return "", err
	}
	path = filepath.Join(quickDir, "quick.test")
	build := exec.Command("go", "test", "-c", "-tags", "quick", "-ldflags", "-s -w", "-o", path, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go test -c: %w: %s", err, out)
	}
	return path, nil
})

func spawn(t testing.TB, role string, args []string, change ...func(*exec.Cmd)) *child {
	t.Helper()
	c := newChild(t, role, args, change...)
	require.NoError(t, c.Start())
	t.Cleanup(func() {
		if c.ProcessState == nil {
			_ = c.Process.Kill()
			_ = c.Wait()
		}
	})
	return c
}

// line returns the next line that the child prints, "" if it has ended.
func (c *child) line() string {
	text, _ := c.out.ReadString('\n')
	return strings.TrimSpace(text)
}

// wait waits until the child has ended well, and returns what it printed since.
func (c *child) wait() string {
	c.t.Helper()
	out, err := io.ReadAll(c.out)
	require.NoError(c.t, err)
	require.NoError(c.t, c.Wait(), c.stderr.String())
	return strings.TrimSpace(string(out))
}

// run runs a child to its end.
func run(t testing.TB, role string, args []string, change ...func(*exec.Cmd)) string {
	t.Helper()
	return spawn(t, role, args, change...).wait()
}

var testKey = bytes.Repeat([]byte{7}, 32)

var testScope = cache.Scope{Authority: "https://login.example/t", ClientID: "c"}

// partition is what another process sees of the files in dir.
func partition(dir string) *cache.Partition {
	return cache.New(&files{dir: dir}, testKey).Partition(testScope)
}

// counts is a record of numbers.
type counts map[string]int

type countRecord struct{ *cache.Record }

// counter is a record of counts in dir, as another process sees it.
func counter(dir string) countRecord { return countRecord{partition(dir).Record("counts")} }

func (r countRecord) Load(ctx context.Context) (c counts, err error) {
	data, err := r.Record.Load(ctx)
	if data != nil && err == nil {
		err = json.Unmarshal(data, &c)
	}
	return c, err
}

func (r countRecord) Update(ctx context.Context, change func(counts)) error {
	return r.Record.Update(ctx, time.Hour, func(data []byte) ([]byte, error) {
		c := counts{}
		if data != nil {
			if err := json.Unmarshal(data, &c); err != nil {
				return nil, err
			}
		}
		change(c)
		return json.Marshal(c)
	})
}
