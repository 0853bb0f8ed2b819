package entratest_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/msalcae/msalcae/entratest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTokenFaults(t *testing.T) {
	s := newServer(t)
	s.FailToken(2, entratest.Fault{Status: 429, Header: http.Header{"Retry-After": {"1"}}, AADSTS: 90055})
	s.FailToken(1, entratest.Fault{AADSTS: 50173})
	s.FailToken(1, entratest.Fault{AADSTS: 50079, OAuthError: "interaction_required", Suberror: "basic_action", Claims: `{"access_token":{}}`})
	s.FailToken(1, entratest.Fault{Status: 503, Body: "Service Unavailable"})
	s.FailToken(1, entratest.Fault{Body: "<html>garbage</html>"})
	s.FailToken(1, entratest.Fault{Status: 302, Header: http.Header{"location": {"https://evil.test/"}}})
	s.FailToken(0, entratest.Fault{Status: 500})

	for range 2 {
		a := post(t, s, daemon(s, ""))
		assert.Equal(t, 429, a.status)
		assert.Equal(t, "1", a.header.Get("Retry-After"))
		assert.Equal(t, 90055, a.code())
	}
	revoked := post(t, s, daemon(s, ""))
	assert.Equal(t, 400, revoked.status)
	assert.Equal(t, "invalid_grant", revoked.text("error"))
	assert.Equal(t, "bad_token", revoked.text("suberror"))
	assert.NotContains(t, string(revoked.body), "%!")
	enroll := post(t, s, daemon(s, ""))
	assert.Equal(t, "interaction_required", enroll.text("error"))
	assert.Equal(t, "basic_action", enroll.text("suberror"))
	assert.Equal(t, `{"access_token":{}}`, enroll.text("claims"))
	down := post(t, s, daemon(s, ""))
	assert.Equal(t, 503, down.status)
	assert.Equal(t, "Service Unavailable", string(down.body))
	garbage := post(t, s, daemon(s, ""))
	assert.Equal(t, 200, garbage.status)
	assert.Equal(t, "<html>garbage</html>", string(garbage.body))

	client := s.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := client.PostForm(s.Authority()+"/oauth2/v2.0/token", daemon(s, ""))
	require.NoError(t, err)
	resp.Body.Close()
	assert.Equal(t, "https://evil.test/", resp.Header.Get("Location"))
	assert.Equal(t, 200, post(t, s, daemon(s, "")).status, "then all is well again")

	log := s.Requests(entratest.TokenEndpoint)
	assert.Equal(t, 50173, log[2].AADSTS)
	assert.Equal(t, 5, s.Stats().TokenErrors)
}

func TestAPIFaults(t *testing.T) {
	s := newServer(t)
	token := post(t, s, daemon(s, cp1)).token()
	ask := func() answer { return call(t, s, token, "GET", "/users", "") }
	s.FailAPI(1, entratest.Fault{Challenge: `{"access_token":`})
	s.FailAPI(1, entratest.Fault{Status: 401, Header: http.Header{"WWW-Authenticate": {`Bearer error=insufficient_claims, claims=!!!`}}})
	s.FailAPI(1, entratest.Fault{Status: 401})
	s.FailAPI(-1, entratest.Fault{Challenge: `{"access_token":{"acrs":{"essential":true,"value":"c1"}}}`})

	assert.Equal(t, `{"access_token":`, challengeOf(t, ask()))
	assert.Equal(t, `Bearer error=insufficient_claims, claims=!!!`, ask().header.Get("WWW-Authenticate"))
	plain := ask()
	assert.Equal(t, 401, plain.status)
	assert.Empty(t, plain.header.Get("WWW-Authenticate"))
	for range 5 {
		assert.Contains(t, challengeOf(t, ask()), "acrs")
	}
	s.ClearFaults()
	assert.Equal(t, 200, ask().status)
	assert.Equal(t, 7, s.Stats().Challenges)
}

func TestDropAndDelay(t *testing.T) {
	s := newServer(t)
	s.FailToken(1, entratest.Fault{Drop: true})
	_, err := s.Client().PostForm(s.Authority()+"/oauth2/v2.0/token", daemon(s, ""))
	assert.Error(t, err)
	s.FailToken(1, entratest.Fault{Delay: 20 * time.Millisecond})
	start := time.Now()
	assert.Equal(t, 200, post(t, s, daemon(s, "")).status)
	assert.GreaterOrEqual(t, time.Since(start), 20*time.Millisecond)

	token := newNativeApp(t, s).signIn(cp1).token()
	s.FailAPI(1, entratest.Fault{Delay: time.Millisecond})
	a := call(t, s, token, "PUT", "/me/drive/items/1/content", "contents")
	assert.Equal(t, "8", a.header.Get("X-Entratest-Length"), "a late answer to a whole body")
	assert.Equal(t, 0, s.Log()[0].Status, "not answered")
}

// A hanging endpoint lets go of a client that has given up, over both versions
// of HTTP, and of all of them when the server closes.
func TestHang(t *testing.T) {
	s := newServer(t)
	for _, e := range []entratest.Endpoint{entratest.DiscoveryEndpoint, entratest.AuthorizeEndpoint, entratest.TokenEndpoint, entratest.APIEndpoint} {
		s.Fail(e, -1, entratest.Fault{Hang: true})
	}
	ctx, cancel := context.WithCancel(t.Context())
	failed := make(chan error, 4)
	for _, url := range []string{s.Authority() + "/v2.0/.well-known/openid-configuration", s.Authority() + "/oauth2/v2.0/authorize", s.Authority() + "/oauth2/v2.0/token", s.API() + "/me"} {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader("grant_type=client_credentials"))
		require.NoError(t, err)
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if strings.HasSuffix(url, "configuration") {
			req.Method, req.Body, req.ContentLength = http.MethodGet, nil, 0
		}
		go func() {
			_, err := s.Client().Do(req)
			failed <- err
		}()
	}
	require.NoError(t, s.Wait(t.Context(), func(st entratest.Stats) bool {
		return st.DiscoveryRequests == 1 && st.AuthorizeRequests == 1 && st.TokenRequests == 1 && st.APICalls == 1
	}))
	cancel()
	for range 4 {
		assert.ErrorIs(t, <-failed, context.Canceled)
	}

	go func() {
		_, err := s.Client().PostForm(s.Authority()+"/oauth2/v2.0/token", daemon(s, ""))
		failed <- err
	}()
	require.NoError(t, s.WaitTokenRequests(t.Context(), 2))
	s.Close()
	assert.Error(t, <-failed)
	s.Close()
	assert.Equal(t, 2, s.Stats().TokenRequests, "what it counted stays")
	_, err := s.Client().Get(s.API())
	assert.Error(t, err)
	assert.Error(t, s.SignIn(s.Authority()))
}

// A body that never ends does not keep the server from closing.
func TestCloseDuringAnUpload(t *testing.T) {
	s := newServer(t)
	token := newNativeApp(t, s).signIn(cp1).token()
	body, writer := io.Pipe()
	defer writer.Close()
	failed := make(chan error, 1)
	go func() {
		_, err := s.Client().Do(bearer(t, "PUT", s.API()+"/me/drive/items/1/content", token, body))
		failed <- err
	}()
	require.NoError(t, s.Wait(t.Context(), func(st entratest.Stats) bool { return st.APICalls == 1 }))
	s.Close()
	assert.Error(t, <-failed)
}

func TestPathsNeedNoSlash(t *testing.T) {
	s := newServer(t)
	token := newNativeApp(t, s).signIn(cp1).token()
	s.FailAPI(1, entratest.Fault{Path: "me", Status: 503})
	assert.Equal(t, 503, call(t, s, token, "GET", "/me", "").status)
	s.RequireAuthContextAt("me/messages", "c1")
	assert.Equal(t, 401, call(t, s, token, "GET", "/me/messages", "").status)
	s.RequireAuthContextAt("/me/messages")
	assert.Equal(t, 200, call(t, s, token, "GET", "/me/messages", "").status)
}

// What cannot happen is a mistake of the test, which would prove nothing.
func TestMistakesPanic(t *testing.T) {
	s := newServer(t)
	assert.Panics(t, func() { s.Fail("tokens", 1, entratest.Fault{Status: 500}) })
	assert.Panics(t, func() { s.MoveIP(s.Username(), "somewhere") })
	assert.Panics(t, func() { s.MoveIPAtAPI(s.Username(), "") })
}

func TestFaultKeepsItsStatus(t *testing.T) {
	s := newServer(t)
	s.FailToken(1, entratest.Fault{AADSTS: 7000215, Body: "down"})
	a := post(t, s, daemon(s, ""))
	assert.Equal(t, 401, a.status)
	assert.Equal(t, "down", string(a.body))
	assert.Equal(t, 7000215, s.Requests(entratest.TokenEndpoint)[0].AADSTS)
}

// A server that ends lets go of what hangs in handlers elsewhere, too.
func TestHangElsewhereEndsWithTheServer(t *testing.T) {
	s := newServer(t)
	own := httptest.NewServer(s.Protect(http.NotFoundHandler(), "api://orders"))
	defer own.Close()
	s.FailAPI(1, entratest.Fault{Hang: true})
	failed := make(chan error, 1)
	go func() {
		_, err := http.Post(own.URL, "", strings.NewReader("x"))
		failed <- err
	}()
	require.NoError(t, s.WaitRequests(t.Context(), entratest.APIEndpoint, 1))
	s.Close()
	assert.Error(t, <-failed)
}
