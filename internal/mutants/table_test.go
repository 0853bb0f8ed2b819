package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParse(t *testing.T) {
	got, err := parse("// what it is\n\n# first\nin a.go\n-\tif x {\n-\t}\n+\tif y {\n+\t}\n\n# second\nin b.go\n-\treturn\n")
	require.NoError(t, err)
	assert.Equal(t, []mutant{
		{name: "first", file: "a.go", old: "\tif x {\n\t}\n", new: "\tif y {\n\t}\n"},
		{name: "second", file: "b.go", old: "\treturn\n"},
	}, got)
	for _, bad := range []string{"in a.go\n", "# a\n", "# a\nin a.go\n+x\n", "# a\nin a.go\n-x\n+x\n", "# a\nin a.go\n-x\n# a\nin a.go\n-y\n", "# a\nx\n", "# a\nin a.go\n-x\n+y\n-z\n"} {
		_, err := parse(bad)
		assert.Error(t, err, bad)
	}
}

func TestMisfits(t *testing.T) {
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "a.go"), []byte("one\ntwo\ntwo\n"), 0o600))
	good := mutant{name: "good", file: "a.go", old: "one\n", new: "1\n"}
	text, err := good.apply(folder)
	require.NoError(t, err)
	assert.Equal(t, "1\ntwo\ntwo\n", text)
	require.NoError(t, misfits(folder, []mutant{good}))
	for _, bad := range []mutant{{name: "twice", file: "a.go", old: "two\n"}, {name: "gone", file: "a.go", old: "three\n"}, {name: "no file", file: "b.go", old: "one\n"}} {
		assert.ErrorContains(t, misfits(folder, []mutant{good, bad}), bad.name)
	}
}

// The mutants of the engine fit it as it is now.
func TestEngineMutantsFit(t *testing.T) {
	const folder = "../../tokensource/internal/engine"
	text, err := os.ReadFile(folder + "/testdata/mutants.txt")
	require.NoError(t, err)
	all, err := parse(string(text))
	require.NoError(t, err)
	assert.NotEmpty(t, all)
	require.NoError(t, misfits(folder, all))
}
