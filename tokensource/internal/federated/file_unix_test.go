//go:build unix

package federated

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/msalcae/msalcae"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Nobody waits for what is no file.
func TestFileIsNone(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	link := filepath.Join(dir, "link")
	require.NoError(t, os.Symlink(pipe, link))
	for _, path := range []string{dir, pipe, link} {
		_, err := File(path)(t.Context())
		require.ErrorIs(t, err, msalcae.ErrMisconfigured)
		assert.ErrorContains(t, err, "is not a regular file")
	}
}
