package tokensource

import (
	"errors"
	"testing"

	"github.com/msalcae/msalcae"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestHeadless(t *testing.T) {
	for _, name := range []string{"DISPLAY", "WAYLAND_DISPLAY", "BROWSER", "WSL_DISTRO_NAME"} {
		t.Setenv(name, "")
	}
	t.Setenv("PATH", "")
	err := openBrowser("http://localhost:1/x", func() bool { return false })
	require.ErrorIs(t, err, ErrNoBrowser)
	require.ErrorIs(t, err, msalcae.ErrInteractionRequired)
	assert.ErrorContains(t, err, "Browser.Open")
	assert.Equal(t, err, notOpened(err))
	assert.ErrorContains(t, notOpened(errors.New("x")), "could not be opened")
}
