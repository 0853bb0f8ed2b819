package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParse(t *testing.T) {
	got, err := parse("// what it is\n\ncopy a.go b.go\ncopy a_test.go\nstub var x = 1\n\n# first\nin a.go\n-\tif x {\n-\t}\n+\tif y {\n+\t}\n\n# second\nin b.go\n-\treturn\n")
	require.NoError(t, err)
	assert.Equal(t, map[string]bool{"a.go": true, "b.go": true, "a_test.go": true}, got.files)
	assert.Equal(t, "var x = 1\n", got.stubs)
	assert.Equal(t, []mutant{
		{name: "first", file: "a.go", old: "\tif x {\n\t}\n", new: "\tif y {\n\t}\n"},
		{name: "second", file: "b.go", old: "\treturn\n"},
	}, got.mutants)
	for _, bad := range []string{"in a.go\n", "# a\n", "# a\nin a.go\n+x\n", "# a\nin a.go\n-x\n+x\n", "# a\nin a.go\n-x\n# a\nin a.go\n-y\n", "# a\nx\n", "# a\nin a.go\n-x\n+y\n-z\n"} {
		_, err := parse(bad)
		assert.Error(t, err, bad)
	}
}
