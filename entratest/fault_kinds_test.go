package entratest_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/msalcae/msalcae/entratest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// overHTTP1 is the server's client without HTTP/2.
func overHTTP1(t testing.TB, s *entratest.Server) *http.Client {
	t.Helper()
	h1 := s.Client().Transport.(*http.Transport).Clone()
	h1.ForceAttemptHTTP2 = false
	h1.TLSClientConfig.NextProtos = nil
	t.Cleanup(h1.CloseIdleConnections)
	return &http.Client{Transport: h1}
}

// everywhere runs a test over both networks and both versions of HTTP.
func everywhere(t *testing.T, test func(t *testing.T, s *entratest.Server, c *http.Client)) {
	t.Run("loopback HTTP/2", func(t *testing.T) { s := newServer(t); test(t, s, s.Client()) })
	t.Run("loopback HTTP/1.1", func(t *testing.T) { s := newServer(t); test(t, s, overHTTP1(t, s)) })
	t.Run("memory HTTP/2", func(t *testing.T) {
		inBubble(t, func(t *testing.T, s *entratest.Server) { test(t, s, s.Client()) })
	})
	t.Run("memory HTTP/1.1", func(t *testing.T) {
		inBubble(t, func(t *testing.T, s *entratest.Server) { test(t, s, overHTTP1(t, s)) })
	})
}

// try posts to the API and returns how that went.
func try(t *testing.T, s *entratest.Server, c *http.Client, token string) (status int, body []byte, err error) {
	t.Helper()
	resp, err := c.Do(bearer(t, "POST", s.API()+"/me/messages", token, strings.NewReader(`{"subject":"One"}`)))
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	body, err = io.ReadAll(resp.Body)
	return resp.StatusCode, body, err
}

// leave is try by a client that gives up once its request has arrived.
func leave(t *testing.T, s *entratest.Server, c *http.Client, token string) error {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	before := s.Stats().APICalls
	go func() {
		defer cancel()
		assert.NoError(t, s.Wait(t.Context(), func(st entratest.Stats) bool { return st.APICalls > before }))
	}()
	_, err := c.Do(bearer(t, "GET", s.API()+"/me", token, nil).WithContext(ctx))
	return err
}

// leaveEarly is try by a client that gives up after the first byte.
func leaveEarly(t *testing.T, s *entratest.Server, c *http.Client, token string) (status int, err error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	resp, err := c.Do(bearer(t, "GET", s.API()+"/me", token, nil).WithContext(ctx))
	require.NoError(t, err)
	defer resp.Body.Close()
	_, err = io.ReadFull(resp.Body, make([]byte, 1))
	require.NoError(t, err)
	cancel()
	_, err = io.ReadAll(resp.Body)
	return resp.StatusCode, err
}

func TestFaultKinds(t *testing.T) {
	everywhere(t, func(t *testing.T, s *entratest.Server, c *http.Client) {
		token := post(t, s, daemon(s, cp1)).token()
		s.FailAPI(1, entratest.Fault{Status: 429, Header: http.Header{"Retry-After": {"17"}}, Body: "Too Many Requests"})
		status, body, err := try(t, s, c, token)
		require.NoError(t, err)
		assert.Equal(t, 429, status)
		assert.Equal(t, "Too Many Requests", string(body))

		s.FailAPI(1, entratest.Fault{Reset: true})
		_, _, err = try(t, s, c, token)
		assert.Error(t, err)

		s.FailAPI(1, entratest.Fault{Drop: true})
		_, _, err = try(t, s, c, token)
		assert.Error(t, err)

		s.FailAPI(1, entratest.Fault{Truncate: true})
		status, body, err = try(t, s, c, token)
		assert.Equal(t, 201, status, "the true answer")
		assert.Error(t, err)
		assert.True(t, strings.HasPrefix(string(body), `{"`) && !strings.HasSuffix(string(body), "}"), "%s", body)

		s.FailAPI(1, entratest.Fault{Truncate: true, Status: 502, Body: "<html></html>"})
		status, body, err = try(t, s, c, token)
		assert.Equal(t, 502, status)
		assert.Error(t, err)
		assert.Equal(t, "<html>", string(body))

		s.FailAPI(1, entratest.Fault{Stall: true})
		status, err = leaveEarly(t, s, c, token)
		assert.Equal(t, 200, status)
		assert.ErrorIs(t, err, context.Canceled)

		s.FailAPI(1, entratest.Fault{Hang: true})
		assert.ErrorIs(t, leave(t, s, c, token), context.Canceled)
		s.ClearFaults() // the next request may overtake the one that has been left

		status, _, err = try(t, s, c, token)
		assert.NoError(t, err)
		assert.Equal(t, 201, status, "then all is well again")
	})
}

// Over HTTP/1.1 the client sees the RST itself.
func TestResetIsAReset(t *testing.T) {
	s := newServer(t)
	s.FailToken(1, entratest.Fault{Reset: true})
	_, err := overHTTP1(t, s).PostForm(s.Authority()+"/oauth2/v2.0/token", daemon(s, ""))
	assert.True(t, errors.Is(err, syscall.ECONNRESET), "%v", err)

	protected := httptest.NewServer(s.Protect(http.NotFoundHandler(), "api://orders"))
	defer protected.Close()
	s.FailAPI(1, entratest.Fault{Reset: true})
	_, err = http.Post(protected.URL, "", strings.NewReader("x"))
	assert.True(t, errors.Is(err, syscall.ECONNRESET) || errors.Is(err, io.EOF), "%v", err)
}

// Faults for one grant and one path pass by all others, and the order of those
// that are left stays.
func TestFaultsByGrantAndPath(t *testing.T) {
	s := newServer(t)
	app := newNativeApp(t, s)
	s.FailToken(1, entratest.Fault{Grant: "refresh_token", AADSTS: 90033})
	s.FailToken(1, entratest.Fault{AADSTS: 90055})
	assert.Equal(t, 90055, post(t, s, daemon(s, "")).code(), "the first is for refresh tokens")
	a := app.signIn(cp1)
	require.Equal(t, 200, a.status)
	assert.Equal(t, 90033, app.refresh(a.text("refresh_token"), "").code())
	assert.Equal(t, 200, app.refresh(a.text("refresh_token"), "").status)

	s.FailAPI(-1, entratest.Fault{Path: "/me/messages", Status: 503})
	s.FailAPI(1, entratest.Fault{Path: "/users/", Status: 500})
	ask := func(path string) int { return call(t, s, a.token(), "GET", path, "").status }
	assert.Equal(t, 200, ask("/me"))
	assert.Equal(t, 500, ask("/users/"+s.Username()))
	assert.Equal(t, 200, ask("/users"))
	assert.Equal(t, 503, ask("/me/messages"))
	assert.Equal(t, 503, ask("/me/messages/1/x"))
	s.ClearFaults()
	assert.Equal(t, 200, ask("/me/messages"))

	s.Fail(entratest.DiscoveryEndpoint, -1, entratest.Fault{Path: "/" + s.Tenant() + "/discovery/v2.0/keys", Status: 500})
	assert.Equal(t, 200, get(t, s, s.Authority()+"/v2.0/.well-known/openid-configuration").status)
	assert.Equal(t, 500, get(t, s, s.Authority()+"/discovery/v2.0/keys").status)
}

// Whoever waits in a bubble waits for its clock: many at once, for hours.
func TestFaultsInVirtualTime(t *testing.T) {
	inBubble(t, func(t *testing.T, s *entratest.Server) {
		s.FailToken(-1, entratest.Fault{Delay: 3 * time.Hour})
		start := time.Now()
		done := make(chan time.Duration, 50)
		for range 50 {
			go func() {
				assert.Equal(t, 200, post(t, s, daemon(s, "")).status)
				done <- time.Since(start)
			}()
		}
		synctest.Wait()
		assert.Equal(t, 50, s.Stats().TokenRequests, "they have all arrived and wait")
		for range 50 {
			assert.Equal(t, 3*time.Hour, <-done)
		}
		s.ClearFaults()
		s.FailToken(1, entratest.Fault{Hang: true})
		ctx, cancel := context.WithTimeout(t.Context(), 24*time.Hour)
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.Authority()+"/oauth2/v2.0/token", strings.NewReader(url.Values{}.Encode()))
		require.NoError(t, err)
		_, err = s.Client().Do(req)
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, 27*time.Hour, time.Since(start))
	})
}
