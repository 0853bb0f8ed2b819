package local

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// vault is a KeyStore in memory.
type vault struct {
	name string
	fail error

	mu   sync.Mutex
	keys map[string][]byte
	made int
}

func (v *vault) Name() string { return v.name }

func (v *vault) Load(_ context.Context, item string) ([]byte, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.fail != nil {
		return nil, v.fail
	}
	if key := v.keys[item]; key != nil {
		return key, nil
	}
	return nil, ErrNoKey
}

func (v *vault) Save(_ context.Context, item string, key []byte) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.fail != nil {
		return v.fail
	}
	if v.keys == nil {
		v.keys = map[string][]byte{}
	}
	v.keys[item] = key
	v.made++
	return nil
}

func (v *vault) Delete(_ context.Context, item string) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.keys, item)
	return v.fail
}

// opened opens the cache and returns what it counts, and counts one more.
func opened(t testing.TB, o Options) int {
	t.Helper()
	c, err := Open("app", o)
	require.NoError(t, err)
	var n int
	require.NoError(t, countRecord{c.Partition(testScope).Record("x")}.Update(t.Context(), func(c counts) {
		n = c["x"]
		c["x"]++
	}))
	return n
}

func TestOwnKeyStore(t *testing.T) {
	v := &vault{name: "vault"}
	o := Options{Dir: filepath.Join(t.TempDir(), "made", "for it"), KeyStore: v, Warn: func(err error) { t.Error(err) }}
	assert.Equal(t, 0, opened(t, o))
	assert.Equal(t, 1, opened(t, o))
	assert.Equal(t, 1, v.made)
	info, err := os.Stat(o.Dir)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o700), info.Mode().Perm())
	text, err := os.ReadFile(filepath.Join(o.Dir, infoFile))
	require.NoError(t, err)
	for _, key := range v.keys {
		assert.Len(t, key, keySize)
		assert.NotContains(t, string(text), string(key))
	}
}

func TestManyOpenAtOnceWithOneKey(t *testing.T) {
	v := &vault{name: "vault"}
	o := Options{Dir: t.TempDir(), KeyStore: v}
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			_, err := Open("app", o)
			assert.NoError(t, err)
		})
	}
	wg.Wait()
	assert.Equal(t, 1, v.made)
}

func TestKeyThatCannotBeReached(t *testing.T) {
	v := &vault{name: "vault"}
	o := Options{Dir: t.TempDir(), KeyStore: v}
	opened(t, o)
	v.fail = errors.New("locked")
	_, err := Open("app", o)
	assert.ErrorIs(t, err, ErrNoSecureStorage)
	assert.ErrorContains(t, err, "locked")

	_, err = Open("app", Options{Dir: o.Dir, KeyStore: &vault{name: "another"}})
	assert.ErrorIs(t, err, ErrNoSecureStorage, "no second key is made elsewhere")
	_, err = Open("app", Options{Dir: o.Dir, AllowPlaintext: true})
	assert.ErrorIs(t, err, ErrNoSecureStorage)

	v.fail = nil
	assert.Equal(t, 1, opened(t, o), "and nothing was lost")
}

func TestKeyThatIsGone(t *testing.T) {
	v := &vault{name: "vault"}
	var warnings []error
	o := Options{Dir: t.TempDir(), KeyStore: v, Warn: func(err error) { warnings = append(warnings, err) }}
	opened(t, o)
	clear(v.keys)
	assert.Equal(t, 0, opened(t, o), "a new key, an empty cache")
	assert.Equal(t, 1, opened(t, o))
	require.Len(t, warnings, 1)
	assert.ErrorContains(t, warnings[0], "vault")
}

// Two sessions of one user with key stores of their own, of the same name.
func TestTwoKeyStores(t *testing.T) {
	desktop, ssh := &vault{name: "vault"}, &vault{name: "vault"}
	dir := t.TempDir()
	opened(t, Options{Dir: dir, KeyStore: desktop})
	assert.Equal(t, 0, opened(t, Options{Dir: dir, KeyStore: ssh}))
	assert.Equal(t, 1, opened(t, Options{Dir: dir, KeyStore: desktop}), "what one sealed stays readable for it")
	assert.Equal(t, 1, opened(t, Options{Dir: dir, KeyStore: ssh}))
	assert.Equal(t, 1, desktop.made)
}

func TestKeyStoreThatKeepsNothing(t *testing.T) {
	_, err := Open("app", Options{Dir: t.TempDir(), KeyStore: &amnesiac{}})
	assert.ErrorIs(t, err, ErrNoSecureStorage)
}

type amnesiac struct{ vault }

func (*amnesiac) Save(context.Context, string, []byte) error { return nil }

func TestDamagedKeyInfo(t *testing.T) {
	v := &vault{name: "vault"}
	o := Options{Dir: t.TempDir(), KeyStore: v}
	opened(t, o)
	for _, damage := range []string{"", "{", `{"version":9}`, "null"} {
		require.NoError(t, os.WriteFile(filepath.Join(o.Dir, infoFile), []byte(damage), 0o600))
		assert.Positive(t, opened(t, o), "the key is found again where it is")
	}
}

func TestRemove(t *testing.T) {
	v := &vault{name: "vault"}
	o := Options{Dir: t.TempDir(), KeyStore: v}
	require.NoError(t, Remove("app", o), "nothing is there")
	opened(t, o)
	require.NoError(t, Remove("app", o))
	assert.Empty(t, v.keys)
	assertTidy(t, o.Dir)
	found, err := filepath.Glob(filepath.Join(o.Dir, "*"+recordEnd))
	require.NoError(t, err)
	assert.Empty(t, found)
	assert.Equal(t, 0, opened(t, o))
	require.NoError(t, Remove("app", Options{Dir: filepath.Join(o.Dir, "never was"), KeyStore: v}))
}

func TestNamesOfApps(t *testing.T) {
	for _, bad := range []string{"", "..", ".", "a/b", `a\b`, "a b", "a:b", "ä"} {
		_, err := Open(bad, Options{Dir: t.TempDir(), KeyStore: &vault{}})
		assert.Error(t, err, bad)
	}
}
