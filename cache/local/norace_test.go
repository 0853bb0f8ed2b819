//go:build !race

package local

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

func builtQuick(t testing.TB) string {
	t.Helper()
	path, err := os.Executable()
	require.NoError(t, err)
	return path
}
