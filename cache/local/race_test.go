//go:build race

package local

import (
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// builtQuick is this test binary without the race detector, whose start takes
// several times as long: for tests that start thousands of processes.
func builtQuick(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "quick.test")
	out, err := exec.Command("go", "test", "-c", "-o", path, ".").CombinedOutput()
	require.NoError(t, err, "%s", out)
	return path
}
