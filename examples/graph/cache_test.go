package main

import (
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	localcache "github.com/msalcae/msalcae/cache/local"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// home is where the commands of one person, who has no key store, keep what they
// keep.
func (e *elsewhere) home() (env []string, left func() []string) {
	dir := e.t.TempDir()
	env = append(e.env, "HOME="+dir, "LocalAppData="+dir, "XDG_CACHE_HOME="+filepath.Join(dir, "cache"), "MSALCAE_CACHE=plaintext")
	e.t.Cleanup(func() {
		for _, at := range []string{"cache", "Library/Caches", ""} { // by system
			assert.NoError(e.t, localcache.Remove(cacheName, localcache.Options{Dir: filepath.Join(dir, at, cacheName, "msalcae-v1"), AllowPlaintext: true}))
		}
	})
	return env, func() (records []string) {
		require.NoError(e.t, filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
			if strings.HasSuffix(path, ".bin") {
				records = append(records, path)
			}
			return err
		}))
		return records
	}
}

func TestSignInLastsUntilLogout(t *testing.T) {
	e := startEntra(t)
	env, left := e.home()
	user := e.ready["username"]
	require.Equal(t, "Signed in as "+user+".\n", graph(t, env, "", "login").out)
	assert.Equal(t, user, graph(t, env, "", "-no-prompt", "get", "/me").json(t)["userPrincipalName"])
	assert.Equal(t, user+"\n", graph(t, env, "", "accounts").out)
	assert.Len(t, e.log("authorize"), 1)
	assert.Len(t, e.log("token"), 1, "not even a token request")
	require.NotEmpty(t, left())

	assert.Equal(t, "Signed out "+user+".\n", graph(t, env, "", "logout").out)
	assert.Empty(t, left())
	o := graph(t, env, "", "-no-prompt", "get", "/me")
	assert.Equal(t, 1, o.status)
	assert.Contains(t, o.err, "Run: graph login")
	assert.Empty(t, graph(t, env, "", "accounts").out)
}

// The claims that one command could not answer are those of the next login.
func TestLoginAnswersTheCommandBefore(t *testing.T) {
	e := startEntra(t)
	env, _ := e.home()
	require.Zero(t, graph(t, env, "", "login").status)
	e.set("revoke", `{"user":"`+e.ready["username"]+`"}`)
	calls := len(e.log("api"))
	for range 3 {
		o := graph(t, env, "", "-no-prompt", "get", "/me")
		require.Equal(t, 1, o.status)
		assert.Contains(t, o.err, "Run: graph login")
	}
	assert.Len(t, e.log("api"), calls+1, "the token that was refused once is not sent again")

	require.Zero(t, graph(t, env, "", "login").status)
	asked := e.log("authorize")
	assert.Contains(t, asked[len(asked)-1]["claims"], "nbf")
	assert.Equal(t, e.ready["username"], graph(t, env, "", "-no-prompt", "get", "/me").json(t)["userPrincipalName"])
}
