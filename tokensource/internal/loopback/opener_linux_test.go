package loopback

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// fakeOpener puts a command of this name first on the PATH.
func fakeOpener(t *testing.T, dir, name, script string) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+script+"\n"), 0o755))
}

func TestSystemBrowser(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("PATH", dir)
	t.Setenv("DISPLAY", ":99")
	log := filepath.Join(dir, "log")
	fakeOpener(t, dir, "xdg-open", "echo printed; echo xdg-open \"$1\" >> "+log+"; exit 3")
	fakeOpener(t, dir, "www-browser", "echo www-browser \"$1\" >> "+log)
	opened := func(done bool) string {
		t.Helper()
		_ = os.Remove(log)
		require.NoError(t, OpenBrowser("http://localhost:1/x", func() bool { return done }))
		b, err := os.ReadFile(log)
		require.NoError(t, err)
		return string(b)
	}
	assert.Equal(t, "xdg-open http://localhost:1/x\nwww-browser http://localhost:1/x\n", opened(false), "the next if one fails")
	assert.Equal(t, "xdg-open http://localhost:1/x\n", opened(true), "but not once the page was shown")

	require.NoError(t, os.Remove(filepath.Join(dir, "www-browser")))
	err := OpenBrowser("http://localhost:1/x", func() bool { return false })
	assert.ErrorContains(t, err, "xdg-open failed: exit status 3")
}
