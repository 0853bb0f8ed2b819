package msalcae_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// machinePath matches an absolute path that exists on somebody's machine and
// nowhere else. A path in a URL has a host before it and does not match.
var machinePath = regexp.MustCompile(`(?:^|[^\w.~/-])(?:/(?:root|home|Users)/\w|[A-Z]:\\Users\\)`)

func TestHouseTree(t *testing.T) {
	walkTree(t, func(path string, _ fs.DirEntry) {
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		if at, ok := machinePathIn(data); ok {
			t.Errorf("%s names a path of one machine: %q", path, at)
		}
		assert.NotEqual(t, "go.work", filepath.Base(path), "a workspace is each developer's own")
	})
}

func TestHouseTreeCatches(t *testing.T) {
	for _, bad := range []string{
		"see /" + "root/notes.txt", `path = "/` + `home/ann/x"`, "(/" + "Users/ann/src)", `C:\` + `Users\ann`,
	} {
		_, ok := machinePathIn([]byte(bad))
		assert.True(t, ok, bad)
	}
	for _, good := range []string{
		"https://host/" + "root" + "/notes", "./" + "root/x", "a/home/b", "/root.pem", "the /home folder", "/v1.0/Users/x", "\x00/" + "root" + "/binary",
	} {
		at, ok := machinePathIn([]byte(good))
		assert.False(t, ok, "%q in %q", at, good)
	}
}

// machinePathIn finds the first such path in a text; a binary file has none.
func machinePathIn(data []byte) (string, bool) {
	if bytes.IndexByte(data[:min(len(data), 8000)], 0) >= 0 {
		return "", false
	}
	at := machinePath.Find(data)
	return string(at), at != nil
}

// walkTree calls visit for every file of the repository, but for those in
// .git and in folders of the names given.
func walkTree(t *testing.T, visit func(path string, d fs.DirEntry), skip ...string) {
	t.Helper()
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == ".git" || d.Name() == "node_modules" || slices.Contains(skip, d.Name())) {
			return filepath.SkipDir
		}
		if d.Type().IsRegular() {
			visit(path, d)
		}
		return nil
	})
	require.NoError(t, err)
}
