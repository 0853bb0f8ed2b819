package local

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/msalcae/msalcae/cache"
	"github.com/msalcae/msalcae/cache/storetest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestFilesAreAStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) (a, b cache.Store) {
		dir := t.TempDir()
		return &files{dir: dir}, &files{dir: dir}
	})
}

// stored puts one record into a new folder and returns its path.
func stored(t testing.TB) (dir, path string) {
	t.Helper()
	dir = t.TempDir()
	write(t, dir, 1)
	found, err := filepath.Glob(filepath.Join(dir, "*"+recordEnd))
	require.NoError(t, err)
	require.Len(t, found, 1)
	return dir, found[0]
}

func write(t testing.TB, dir string, n int) {
	t.Helper()
	require.NoError(t, counter(dir).Update(t.Context(), func(c counts) { c["shared"] = n }))
}

func load(t testing.TB, dir string) (int, error) {
	t.Helper()
	c, err := counter(dir).Load(t.Context())
	return c["shared"], err
}

func TestEditedRecordIsSetAside(t *testing.T) {
	dir, path := stored(t)
	sealed, err := os.ReadFile(path)
	require.NoError(t, err)
	sealed[len(sealed)/2] ^= 1
	require.NoError(t, os.WriteFile(path, sealed, 0o600))

	_, err = load(t, dir)
	assert.ErrorIs(t, err, cache.ErrUnreadable)
	_, err = load(t, dir)
	assert.NoError(t, err, "said once")
	write(t, dir, 2)
	n, err := load(t, dir)
	require.NoError(t, err)
	assert.Equal(t, 2, n)
	kept, err := os.ReadFile(strings.TrimSuffix(path, recordEnd) + asideEnd)
	require.NoError(t, err)
	assert.Equal(t, sealed, kept, "for a person to look at")
}

func TestPlainRecordIsNotRead(t *testing.T) {
	dir, path := stored(t)
	require.NoError(t, os.WriteFile(path, []byte(`{"shared":7}`), 0o600))
	n, err := load(t, dir)
	assert.ErrorIs(t, err, cache.ErrUnreadable)
	assert.Zero(t, n)
}

func TestSwappedRecordsAreNotRead(t *testing.T) {
	dir, path := stored(t)
	other := countRecord{cache.New(&files{dir: dir}, testKey).Partition(cache.Scope{Subject: "another"}).Record("counts")}
	require.NoError(t, other.Update(t.Context(), func(c counts) { c["shared"] = 9 }))
	found, err := filepath.Glob(filepath.Join(dir, "*"+recordEnd))
	require.NoError(t, err)
	for _, from := range found {
		if from != path {
			require.NoError(t, os.Rename(from, path))
		}
	}
	n, err := load(t, dir)
	assert.ErrorIs(t, err, cache.ErrUnreadable)
	assert.Zero(t, n)
}

func TestRecordOfAnotherKeyIsLeftAlone(t *testing.T) {
	dir, path := stored(t)
	before, err := os.ReadFile(path)
	require.NoError(t, err)
	other := countRecord{cache.New(&files{dir: dir}, []byte(strings.Repeat("k", 32))).Partition(testScope).Record("counts")}
	c, err := other.Load(t.Context())
	require.NoError(t, err)
	assert.Empty(t, c)
	require.NoError(t, other.Update(t.Context(), func(c counts) { c["shared"] = 5 }))
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, before, after)
}

func TestRolledBackFile(t *testing.T) {
	dir, path := stored(t)
	first, err := os.ReadFile(path)
	require.NoError(t, err)
	p := counter(dir) // one that has seen the next
	require.NoError(t, p.Update(t.Context(), func(c counts) { c["shared"] = 2 }))
	require.NoError(t, os.WriteFile(path, first, 0o600))
	_, err = p.Load(t.Context())
	assert.ErrorIs(t, err, cache.ErrUnreadable)
	assert.NoFileExists(t, path, "set aside")

	require.NoError(t, os.WriteFile(path, first, 0o600))
	n, err := load(t, dir)
	require.NoError(t, err)
	assert.Equal(t, 1, n, "another process cannot know: its tokens are those of then")
}

func TestTemporaryFileOfAKilledWriter(t *testing.T) {
	dir, path := stored(t)
	require.NoError(t, os.WriteFile(path+tempEnd, []byte("half"), 0o600))
	write(t, dir, 2)
	assert.NoFileExists(t, path+tempEnd)
	n, err := load(t, dir)
	require.NoError(t, err)
	assert.Equal(t, 2, n)
}

func TestFolderThatIsRemoved(t *testing.T) {
	dir, _ := stored(t)
	p := counter(dir)
	require.NoError(t, os.RemoveAll(dir))
	c, err := p.Load(t.Context())
	require.NoError(t, err)
	assert.Empty(t, c)
	require.NoError(t, p.Update(t.Context(), func(c counts) { c["shared"] = 3 }))
	n, err := load(t, dir)
	require.NoError(t, err)
	assert.Equal(t, 3, n)
}

func TestSweep(t *testing.T) {
	dir, path := stored(t)
	old := time.Now().Add(-101 * 24 * time.Hour)
	for _, name := range []string{"aaa.bin", "bbb.bad", "ccc.bin.tmp", "ddd.lock", "keyinfo.json", "eee.flight"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), nil, 0o600))
		require.NoError(t, os.Chtimes(filepath.Join(dir, name), old, old))
	}
	(&files{dir: dir}).sweep()
	assert.FileExists(t, path)
	for name, stays := range map[string]bool{
		"aaa.bin": false, "bbb.bad": false, "ccc.bin.tmp": false, "ddd.lock": true, "keyinfo.json": true, "eee.flight": true,
	} {
		_, err := os.Lstat(filepath.Join(dir, name))
		assert.Equal(t, stays, err == nil, name)
	}
}
