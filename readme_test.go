package msalcae_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var goBlock = regexp.MustCompile("(?s)```go\n(.*?)```")

// The first program of README.md is what people paste, so it must compile in a
// module that holds nothing else.
func TestReadmeProgram(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	program := goBlock.FindSubmatch(readme)
	require.NotNil(t, program, "README.md has no Go block")
	out, err := vetPasted(t, string(program[1]))
	assert.NoError(t, err, "%s", out)

	broken := strings.Replace(string(program[1]), "msalcae.Transport{", "msalcae.Transport{NoSuchField: 1, ", 1)
	out, err = vetPasted(t, broken)
	assert.Error(t, err, "a program that does not compile went unnoticed")
	assert.Contains(t, out, "NoSuchField")
}

// vetPasted runs go vet on a program in a module of its own that requires this
// one as it is here. Nothing is downloaded: what this module requires, down to
// the indirect, is all that the program may need.
func vetPasted(t *testing.T, program string) (string, error) {
	t.Helper()
	root, err := filepath.Abs(".")
	require.NoError(t, err)
	sums, err := os.ReadFile("go.sum")
	require.NoError(t, err)
	ours, err := os.ReadFile("go.mod")
	require.NoError(t, err)
	mod := strings.Replace(string(ours), "module "+modulePath, "module pasted", 1) +
		fmt.Sprintf("\nrequire %s v0.0.0\n\nreplace %[1]s => %q\n", modulePath, root)

	dir := t.TempDir()
	for name, text := range map[string]string{"main.go": program, "go.mod": mod, "go.sum": string(sums)} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	cmd := exec.Command("go", "vet", ".")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOPROXY=off", "GOWORK=off", "GOTOOLCHAIN=local")
	out, err := cmd.CombinedOutput()
	return string(out), err
}
