package loopback

import (
	"net"
	"strings"
	"testing"

	"github.com/msalcae/msalcae"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// localhost is both addresses; a program that sits on one of them must not be
// sent the code.
func TestListenBoth(t *testing.T) {
	if !has("tcp6", "[::1]:0") {
		where := Redirect{host: "localhost"}
		ls, err := where.listen()
		require.NoError(t, err)
		require.Len(t, ls, 1)
		ls[0].Close()
		return
	}
	squatter, err := net.Listen("tcp6", "[::1]:0")
	require.NoError(t, err)
	defer squatter.Close()
	port := squatter.Addr().(*net.TCPAddr).Port
	where := Redirect{host: "localhost", port: port}
	_, err = where.listen()
	require.ErrorContains(t, err, "RedirectURI cannot be listened at")
	l, err := net.Listen("tcp4", net.JoinHostPort("127.0.0.1", strings.Split(squatter.Addr().String(), "]:")[1]))
	require.NoError(t, err, "nothing is left open")
	l.Close()

	where = Redirect{host: "localhost"}
	ls, err := where.listen()
	require.NoError(t, err)
	require.Len(t, ls, 2)
	for _, l := range ls {
		assert.Equal(t, where.port, l.Addr().(*net.TCPAddr).Port)
		l.Close()
	}
}

func TestParseRedirect(t *testing.T) {
	for in, want := range map[string]Redirect{
		"":                             {host: "localhost"},
		"http://localhost":             {host: "localhost"},
		"http://localhost/":            {host: "localhost", path: "/"},
		"http://LocalHost:8400/signed": {host: "localhost", port: 8400, path: "/signed"},
		"http://127.0.0.1":             {host: "127.0.0.1"},
		"http://[::1]:1":               {host: "::1", port: 1},
	} {
		got, err := ParseRedirect(in)
		require.NoError(t, err, in)
		assert.Equal(t, want, got, in)
	}
	for _, bad := range []string{"https://localhost", "http://contoso.test", "http://localhost:0", "http://localhost:70000", "http://localhost?x", "http://u@localhost",
		"http://127.0.0.2", "msal://auth", "localhost", "http://localhost\x7f"} {
		_, err := ParseRedirect(bad)
		assert.ErrorIs(t, err, msalcae.ErrMisconfigured, bad)
	}
	assert.Equal(t, "http://[::1]:8400/x", Redirect{"::1", 8400, "/x"}.uri())
}
