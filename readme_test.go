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

// vetPasted runs go vet on a program in an empty module that requires this one
// as it is here. Nothing is downloaded: our own dependencies are all it needs.
func vetPasted(t *testing.T, program string) (string, error) {
	t.Helper()
	root, err := filepath.Abs(".")
	require.NoError(t, err)
	dir := t.TempDir()
	sums, err := os.ReadFile("go.sum")
	require.NoError(t, err)
	for name, text := range map[string]string{
		"main.go": program,
		"go.sum":  string(sums),
		"go.mod":  fmt.Sprintf("module pasted\n\ngo 1.25.0\n\nrequire %s v0.0.0\n\nreplace %[1]s => %q\n", modulePath, root),
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	cmd := exec.Command("go", "vet", ".")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOPROXY=off", "GOWORK=off", "GOTOOLCHAIN=local")
	out, err := cmd.CombinedOutput()
	return string(out), err
}
