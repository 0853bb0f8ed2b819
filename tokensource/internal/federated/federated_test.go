package federated

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/msalcae/msalcae"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func tokenUntil(end time.Time) string {
	b64 := base64.RawURLEncoding.EncodeToString
	return b64([]byte(`{"alg":"RS256"}`)) + "." + b64(fmt.Appendf(nil, `{"exp":%d}`, end.Unix())) + ".c2ln"
}

// Kubernetes keeps the file behind a link to a folder, and moves the link: who
// reads meanwhile gets the old token or the new one, and never half of one.
func TestFileIsReplaced(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "token")
	require.NoError(t, os.Symlink(filepath.Join("..data", "token"), path))
	put := func(n int) string {
		token := tokenUntil(time.Now().Add(time.Hour + time.Duration(n)*time.Second))
		folder := fmt.Sprint("..", n)
		require.NoError(t, os.Mkdir(filepath.Join(dir, folder), 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(dir, folder, "token"), []byte(token+"\n"), 0o600))
		require.NoError(t, os.Symlink(folder, filepath.Join(dir, "..next")))
		require.NoError(t, os.Rename(filepath.Join(dir, "..next"), filepath.Join(dir, "..data")))
		return token
	}
	last := put(0)
	read := File(path)
	for n := 1; n < 20; n++ {
		got, err := read(t.Context())
		require.NoError(t, err)
		assert.Equal(t, last, got)
		last = put(n)
	}
	require.NoError(t, os.WriteFile(path, []byte(last[:strings.LastIndex(last, ".")]), 0o600))
	_, err := read(t.Context())
	require.ErrorIs(t, err, msalcae.ErrMisconfigured, "cut short")
	assert.ErrorContains(t, err, "does not hold a JWT")
}

type answer func(*http.Request) (*http.Response, error)

func (a answer) RoundTrip(req *http.Request) (*http.Response, error) { return a(req) }

func github(t *testing.T, a answer) *GitHub {
	t.Helper()
	g, err := NewGitHub("https://github.test/?job=1", "the-secret-of-the-job", "aud", &http.Client{Transport: a})
	require.NoError(t, err)
	return g
}

// However GitHub hangs, it is left after a while, and no more is read than a
// token has.
func TestGitHubIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		_, err := github(t, func(req *http.Request) (*http.Response, error) {
			<-req.Context().Done()
			return nil, req.Context().Err()
		}).Token(t.Context())
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, githubLimit, time.Since(start))

		start = time.Now()
		_, err = github(t, func(req *http.Request) (*http.Response, error) {
			body, drip := io.Pipe()
			go func() {
				for req.Context().Err() == nil {
					time.Sleep(time.Second)
					_, _ = drip.Write([]byte(" "))
				}
				_ = drip.CloseWithError(req.Context().Err())
			}()
			return &http.Response{StatusCode: 200, Body: body, Request: req}, nil
		}).Token(t.Context())
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.LessOrEqual(t, time.Since(start), githubLimit+time.Second)
	})
	endless := &counted{}
	_, err := github(t, func(req *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Body: io.NopCloser(io.MultiReader(strings.NewReader(`{"value":"`), endless)), Request: req}, nil
	}).Token(t.Context())
	require.ErrorContains(t, err, "could not be read")
	assert.Less(t, endless.n, 2*maxToken)
}

// counted is a text without end.
type counted struct{ n int }

func (c *counted) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	c.n += len(p)
	return len(p), nil
}
