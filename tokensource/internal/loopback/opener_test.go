package loopback

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestOpeners(t *testing.T) {
	none := func(string) string { return "" }
	desktop := func(name string) string {
		if name == "WAYLAND_DISPLAY" {
			return "wayland-0"
		}
		return ""
	}
	assert.Empty(t, openers("linux", none))
	assert.Empty(t, openers("freebsd", none))
	assert.Equal(t, "xdg-open", openers("linux", desktop)[0][0])
	assert.Equal(t, []string{"open"}, openers("darwin", none)[0])
	assert.Equal(t, []string{"rundll32", "url.dll,FileProtocolHandler"}, openers("windows", none)[0])
}
