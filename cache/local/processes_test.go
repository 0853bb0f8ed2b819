package local

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	msal "github.com/AzureAD/microsoft-authentication-library-for-go/apps/cache"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func init() {
	roles["cycle"] = func(args []string) error { // dir, name, cycles
		n, err := strconv.Atoi(args[2])
		if err != nil {
			return err
		}
		for i := range n {
			if err := cycle(args[0], args[1], i); err != nil {
				return err
			}
		}
		return nil
	}
	roles["acknowledge"] = func(args []string) error { // dir, name, first
		n, err := strconv.Atoi(args[2])
		if err != nil {
			return err
		}
		p := counter(args[0])
		for ; ; n++ {
			if err := p.Update(context.Background(), func(c counts) { c[args[1]] = n }); err != nil {
				return err
			}
			fmt.Println(n)
		}
	}
}

// cycle reads, changes and writes as a process does in which somebody signs in:
// a counter that all share, and now and then an account of MSAL's.
func cycle(dir, name string, i int) error {
	p := counter(dir)
	err := p.Update(context.Background(), func(c counts) { c["shared"]++ })
	if err != nil || i%10 != 0 {
		return err
	}
	var failed error
	a := partition(dir).Accessor(func(_ context.Context, op string, err error) { failed = fmt.Errorf("%s: %w", op, err) }, nil)
	var m memory
	_ = a.Replace(context.Background(), &m, msal.ReplaceHints{})
	m.add(fmt.Sprintf("%s-%d", name, i))
	_ = a.Export(context.Background(), &m, msal.ExportHints{})
	return failed
}

// memory stands for that of an MSAL client.
type memory struct{ Account map[string]map[string]string }

func (m *memory) Marshal() ([]byte, error)    { return json.Marshal(m) }
func (m *memory) Unmarshal(data []byte) error { *m = memory{}; return json.Unmarshal(data, m) }
func (m *memory) add(name string) {
	if m.Account == nil {
		m.Account = map[string]map[string]string{}
	}
	m.Account[name] = map[string]string{"username": name}
}

func accounts(dir string) int {
	var m memory
	_ = partition(dir).Accessor(nil, nil).Replace(context.Background(), &m, msal.ReplaceHints{})
	return len(m.Account)
}

func shared(t testing.TB, dir string) int {
	t.Helper()
	c, err := counter(dir).Load(t.Context())
	require.NoError(t, err)
	return c["shared"]
}

func TestEightBusyProcessesLoseNothing(t *testing.T) {
	dir, fast := t.TempDir(), quick(t)
	var all []*child
	for i := range 8 {
		all = append(all, spawn(t, "cycle", []string{dir, strconv.Itoa(i), "200"}, fast))
	}
	for _, c := range all {
		c.wait()
	}
	assert.Equal(t, 8*200, shared(t, dir))
	assert.Equal(t, 8*20, accounts(dir))
	assertTidy(t, dir)
}

func TestEightShortProcessesLoseNothing(t *testing.T) {
	dir, fast := light(t), quick(t)
	for round := range 100 {
		var all []*child
		for i := range 8 {
			all = append(all, spawn(t, "cycle", []string{dir, fmt.Sprintf("%d-%d", round, i), "1"}, fast))
		}
		for _, c := range all {
			c.wait()
		}
		require.Equal(t, 8*(round+1), shared(t, dir), "round %d", round)
	}
	assert.Equal(t, 8*100, accounts(dir))
	assertTidy(t, dir)
}

// assertTidy looks for files that should not be there, and for what others may
// do with those that are.
func assertTidy(t testing.TB, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		assert.Contains(t, []string{recordEnd, lockEnd, flightEnd}, filepath.Ext(e.Name()), e.Name())
		info, err := e.Info()
		require.NoError(t, err)
		assert.Equal(t, os.FileMode(0o600), info.Mode().Perm(), e.Name())
		if !strings.HasSuffix(e.Name(), recordEnd) {
			assert.Zero(t, info.Size(), e.Name())
		}
	}
}
