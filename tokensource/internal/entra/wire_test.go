package entra

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/tokensource/internal/wiretest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type rt = wiretest.RoundTripper

const testAuthority = wiretest.Authority

var (
	reply         = wiretest.Reply
	goodDiscovery = wiretest.GoodDiscovery
)

// 30 seconds for one exchange, with or without a deadline of the context, and
// for the body as well.
func TestAttemptLimit(t *testing.T) {
	for name, answer := range map[string]func(*http.Request) (*http.Response, error){
		"no answer": func(req *http.Request) (*http.Response, error) {
			<-req.Context().Done()
			return nil, req.Context().Err()
		},
		"no end": func(req *http.Request) (*http.Response, error) {
			resp := reply(req, 200, "")
			resp.Body = io.NopCloser(blocked{req.Context()})
			return resp, nil
		},
	} {
		for _, end := range []time.Duration{time.Hour, 5 * time.Second} {
			synctest.Test(t, func(t *testing.T) {
				a, err := ParseAuthority("Config", testAuthority)
				require.NoError(t, err)
				w, err := NewWire("Config", &http.Client{Transport: rt(answer)}, a)
				require.NoError(t, err)
				ctx, cancel := context.WithTimeout(context.Background(), end)
				defer cancel()
				req, err := http.NewRequestWithContext(ctx, http.MethodPost, testAuthority+"/token", nil)
				require.NoError(t, err)
				start := time.Now()
				resp, err := w.Do(req)
				if err == nil {
					_, err = io.ReadAll(resp.Body)
					resp.Body.Close()
				}
				require.ErrorIs(t, err, context.DeadlineExceeded, name)
				assert.Equal(t, min(end, attemptLimit), time.Since(start), name)
				assert.NotErrorIs(t, Typed(ctx, err), msalcae.ErrInteractionRequired, name)
			})
		}
	}
}

func TestBodyBound(t *testing.T) {
	read := func(n int) (int, error) {
		b := &boundedBody{body: io.NopCloser(strings.NewReader(strings.Repeat("x", n))), left: maxBody, cancel: func() {}}
		got, err := io.ReadAll(b)
		return len(got), err
	}
	n, err := read(maxBody)
	require.NoError(t, err)
	assert.Equal(t, maxBody, n)
	n, err = read(maxBody + 1)
	require.ErrorIs(t, err, errTooLarge)
	assert.Equal(t, maxBody, n)
}

func TestDiscoveryIsMemoised(t *testing.T) {
	var gets atomic.Int32
	a, err := ParseAuthority("Config", testAuthority)
	require.NoError(t, err)
	status := http.StatusServiceUnavailable
	w, err := NewWire("Config", &http.Client{Transport: rt(func(req *http.Request) (*http.Response, error) {
		gets.Add(1)
		return reply(req, status, goodDiscovery), nil
	})}, a)
	require.NoError(t, err)
	get := func(query string) (int, string) {
		req, err := http.NewRequest(http.MethodGet, testAuthority+"/v2.0"+wellKnown+query, nil)
		require.NoError(t, err)
		resp, err := w.Do(req)
		require.NoError(t, err)
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		return resp.StatusCode, string(b)
	}
	got, _ := get("?")
	require.Equal(t, 503, got)
	status = 200 // a failure is not kept
	for range 3 {
		got, body := get("?")
		assert.Equal(t, 200, got)
		assert.Equal(t, goodDiscovery, body)
	}
	assert.EqualValues(t, 2, gets.Load())
	for i := range maxDiscovery + 10 {
		get(fmt.Sprintf("?%d", i))
	}
	assert.LessOrEqual(t, len(w.documents), maxDiscovery)
}

// The environment's proxy is used unless the caller brings a client.
func TestDefaultHTTPClient(t *testing.T) {
	a, err := ParseAuthority("Config", testAuthority)
	require.NoError(t, err)
	w, err := NewWire("Config", nil, a)
	require.NoError(t, err)
	transport, ok := w.client.Transport.(*http.Transport)
	require.True(t, ok)
	require.NotNil(t, transport.Proxy)
	assert.NotSame(t, http.DefaultTransport, transport, "closing its idle connections must not close others'")

	given := &http.Client{Timeout: time.Second}
	w, err = NewWire("Config", given, a)
	require.NoError(t, err)
	assert.Equal(t, time.Second, w.client.Timeout)
	assert.Nil(t, given.CheckRedirect, "the caller's client is the caller's")
}

func TestNetworkErrorsHideQueries(t *testing.T) {
	err := Typed(context.Background(), &url.Error{Op: "Get", URL: "https://user:pass@h/p?code=a-code#f", Err: io.EOF})
	assert.ErrorIs(t, err, io.EOF)
	assert.ErrorContains(t, err, "https://h/p")
	assert.NotContains(t, err.Error(), "a-code")
	assert.NotContains(t, err.Error(), "pass")
}

type blocked struct{ ctx context.Context }

func (b blocked) Read([]byte) (int, error) {
	<-b.ctx.Done()
	return 0, b.ctx.Err()
}
