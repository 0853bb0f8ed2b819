package msalcae

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

// gated is a body whose Reads wait until they are let through.
type gated struct {
	io.Reader
	gate   chan struct{}
	closes int
}

func (g *gated) Read(p []byte) (int, error) {
	<-g.gate
	return g.Reader.Read(p)
}

func (g *gated) Close() error { g.closes++; return nil }

// A base may close the body during a Read. What that Read brings decides
// whether the caller's body is of further use.
func TestUploadClosedDuringRead(t *testing.T) {
	for _, c := range []struct {
		content string
		limit   int64
		used    bool // by a replay, still
	}{
		{"hello", -1, false},              // too much to keep
		{strings.Repeat("x", 9), 8, true}, // one more to come
		{"", 8, false},                    // it was the end
	} {
		synctest.Test(t, func(t *testing.T) {
			src := &gated{Reader: strings.NewReader(c.content), gate: make(chan struct{})}
			up := newUpload(&http.Request{Body: src}, c.limit)
			go up.Read(make([]byte, 100))
			synctest.Wait()
			require.NoError(t, up.Close())
			require.Zero(t, src.closes, "during the Read")
			close(src.gate)
			synctest.Wait()
			require.Equal(t, c.used, src.closes == 0, c.content)
			up.settle(true)
			require.Equal(t, 1, src.closes)
		})
	}
}

// A Read that began before the challenge may bring more than can be kept.
func TestUploadLostWhileWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := &gated{Reader: strings.NewReader("hello"), gate: make(chan struct{})}
		up := newUpload(&http.Request{Body: src}, -1)
		go func() {
			up.Read(make([]byte, 100))
			up.Close()
		}()
		synctest.Wait()
		up.hold()
		failed := make(chan error)
		go func() {
			_, err := up.again(t.Context())
			failed <- err
		}()
		synctest.Wait()
		close(src.gate)
		require.ErrorIs(t, <-failed, ErrNotReplayable)
		up.settle(true)
		require.Equal(t, 1, src.closes)
	})
}

// The bodies that a base takes from GetBody behave as the first one does.
func TestUploadAnother(t *testing.T) {
	failed := errors.New("failed")
	var next io.ReadCloser
	up := newUpload(&http.Request{Body: io.NopCloser(strings.NewReader("")), GetBody: func() (io.ReadCloser, error) {
		if next == nil {
			return nil, failed
		}
		return next, nil
	}}, 0)
	_, getBody := up.first(&http.Request{})
	_, err := getBody()
	require.Equal(t, failed, err)

	src := &gated{Reader: strings.NewReader("hello"), gate: make(chan struct{})}
	close(src.gate)
	next = src
	body, err := getBody()
	require.NoError(t, err)
	got, err := io.ReadAll(body)
	require.NoError(t, err)
	require.Equal(t, "hello", string(got))
	require.False(t, up.isIdle())
	require.NoError(t, body.Close())
	require.NoError(t, body.Close())
	require.Equal(t, 1, src.closes)
	_, err = body.Read(make([]byte, 1))
	require.Equal(t, http.ErrBodyReadAfterClose, err)
	require.NoError(t, up.Close())
	require.True(t, up.isIdle())
}
