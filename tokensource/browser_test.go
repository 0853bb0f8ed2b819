package tokensource_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/entratest"
	"github.com/msalcae/msalcae/tokensource"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// leadsTo returns where the page to open redirects.
func leadsTo(t testing.TB, page string) *url.URL {
	t.Helper()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Get(page)
	require.NoError(t, err)
	resp.Body.Close()
	u, err := resp.Location()
	require.NoError(t, err)
	return u
}

// The authorize request, for clients that we built and for others.
func TestBrowserAuthorizeRequest(t *testing.T) {
	e := newEntra(t)
	for name, connect := range map[string]func(tokensource.Prompt) *tokensource.Public{
		"built":   e.public,
		"wrapped": func(b tokensource.Prompt) *tokensource.Public { return tokensource.WrapPublic(e.rawPublic(), b) },
	} {
		t.Run(name, func(t *testing.T) {
			var seen []url.Values
			p := connect(&tokensource.Browser{Open: func(page string) error {
				u := leadsTo(t, page)
				assert.Equal(t, e.Authority()+"/oauth2/v2.0/authorize", u.Scheme+"://"+u.Host+u.Path)
				seen = append(seen, u.Query())
				return e.SignIn(page)
			}})
			ada, err := p.SignIn(testContext(t), e.Scope())
			require.NoError(t, err)
			source := p.Account(ada, e.Scope())
			tok, err := source.Token(testContext(t), msalcae.TokenRequest{})
			require.NoError(t, err)
			e.Revoke(e.Username())
			_, err = source.Token(testContext(t), msalcae.TokenRequest{Rejected: tok.Value, Claims: `{"access_token":{"nbf":{"essential":true,"value":"1604106651"},"x":{"value":"a+b & c%20d=é<>\"世界"}}}`})
			require.NoError(t, err)

			require.Len(t, seen, 2)
			for _, q := range seen {
				assert.Equal(t, "code", q.Get("response_type"))
				assert.Equal(t, "form_post", q.Get("response_mode"))
				assert.Equal(t, "S256", q.Get("code_challenge_method"))
				assert.Len(t, q.Get("code_challenge"), 43)
				assert.Equal(t, e.PublicClientID(), q.Get("client_id"))
				assert.ElementsMatch(t, []string{e.Scope(), "openid", "offline_access", "profile"}, strings.Fields(q.Get("scope")))
				assert.Regexp(t, `^http://localhost:\d+$`, q.Get("redirect_uri"))
			}
			assert.NotEqual(t, seen[0].Get("state"), seen[1].Get("state"))
			assert.NotEqual(t, seen[0].Get("code_challenge"), seen[1].Get("code_challenge"))
			assert.Equal(t, "select_account", seen[0].Get("prompt"))
			assert.False(t, seen[1].Has("prompt"), "it is known who must sign in")
			assert.Equal(t, e.Username(), seen[1].Get("login_hint"))
			assert.JSONEq(t, `{"access_token":{"xms_cc":{"values":["cp1"]}}}`, seen[0].Get("claims"))
			assert.JSONEq(t, `{"access_token":{"nbf":{"essential":true,"value":"1604106651"},"x":{"value":"a+b & c%20d=é<>\"世界"},"xms_cc":{"values":["cp1"]}}}`, seen[1].Get("claims"))

			requests := e.Requests(entratest.AuthorizeEndpoint)
			assert.JSONEq(t, seen[1].Get("claims"), requests[len(requests)-1].Claims, "as Entra received them")
		})
	}
}

func TestBrowserOpenFails(t *testing.T) {
	e := newEntra(t)
	broken := errors.New("no screen")
	for name, open := range map[string]func(string) error{
		"error": func(string) error { return broken },
		"panic": func(string) error { panic("the-secret") },
	} {
		_, err := e.public(&tokensource.Browser{Open: open}).SignIn(testContext(t), e.Scope())
		require.ErrorContains(t, err, map[string]string{"error": "could not be opened: no screen", "panic": "Browser.Open panicked"}[name])
		assert.Equal(t, name == "error", errors.Is(err, broken))
		assertNoSecret(t, err, map[string]string{"the-secret": "panic"})
	}

	release := make(chan struct{})
	defer close(release)
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	_, err := e.public(&tokensource.Browser{Open: func(string) error { <-release; return nil }}).SignIn(ctx, e.Scope())
	require.ErrorIs(t, err, context.DeadlineExceeded, "an opener that blocks is not waited for")
}

func TestBrowserRedirectURI(t *testing.T) {
	e := newEntra(t)
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	_, port, _ := net.SplitHostPort(busy.Addr().String())
	connect := func(uri string) (*tokensource.Public, error) {
		return tokensource.NewPublic(tokensource.PublicConfig{Authority: e.Authority(), ClientID: e.PublicClientID(), HTTPClient: e.Client(), RedirectURI: uri, Prompt: e.browser()})
	}
	p, err := connect("http://127.0.0.1:" + port + "/signed-in")
	require.NoError(t, err)
	_, err = p.SignIn(testContext(t), e.Scope())
	require.ErrorContains(t, err, "port "+port)
	assert.ErrorContains(t, err, "leave the port out")
	assertNoSecret(t, err, nil)
	busy.Close()
	_, err = p.SignIn(testContext(t), e.Scope())
	require.NoError(t, err)
	p, err = connect("http://127.0.0.1")
	require.NoError(t, err)
	_, err = p.SignIn(testContext(t), e.Scope())
	require.NoError(t, err)
	_, err = connect("https://contoso.test/signed-in")
	require.ErrorIs(t, err, msalcae.ErrMisconfigured)
}

// The page that ends the sign-in says the truth, which is known only once the
// code was redeemed and the account compared.
func TestBrowserPages(t *testing.T) {
	e := newEntra(t)
	var page atomic.Value
	// post does what Entra's page would: hands the answer over, and reads.
	post := func(answer url.Values) func(string) error {
		return func(start string) error {
			u := leadsTo(t, start)
			answer.Set("state", u.Query().Get("state"))
			resp, err := http.PostForm(u.Query().Get("redirect_uri"), answer)
			if err != nil {
				return err
			}
			defer resp.Body.Close()
			b, err := io.ReadAll(resp.Body)
			page.Store(string(b))
			return err
		}
	}
	for says, answer := range map[string]url.Values{
		"was declined":       {"error": {"access_denied"}, "error_description": {"AADSTS65004: x"}},
		"AADSTS65004":        {"error": {"access_denied"}, "error_description": {"AADSTS65004: x"}},
		"did not complete":   {"error": {"server_error"}, "error_description": {"<script>"}},
		"server_error":       {"error": {"server_error"}},
		"You are not signed": {"code": {"not-a-code"}},
	} {
		page.Store("")
		_, err := e.public(&tokensource.Browser{Open: post(answer)}).SignIn(testContext(t), e.Scope())
		require.Error(t, err)
		require.Eventually(t, func() bool { return page.Load() != "" }, 5*time.Second, time.Millisecond)
		text := page.Load().(string)
		assert.Contains(t, text, says)
		assert.Contains(t, text, "o back to the program", "what happens next")
		assert.NotContains(t, strings.ToLower(text), "<script")
		assert.NotContains(t, text, "http", "self-contained")
	}
	http.DefaultClient.CloseIdleConnections()
}

// A Prompt of the caller's own.
type ownPrompt func(context.Context, tokensource.PromptRequest) (public.AuthResult, error)

func (f ownPrompt) SignIn(ctx context.Context, req tokensource.PromptRequest) (public.AuthResult, error) {
	return f(ctx, req)
}

func TestOwnPrompt(t *testing.T) {
	e := newEntra(t)
	var asked []tokensource.PromptRequest
	p := e.public(ownPrompt(func(ctx context.Context, req tokensource.PromptRequest) (public.AuthResult, error) {
		asked = append(asked, req)
		req.ClientID, req.RedirectURI = "", "" // what a Prompt need not know
		return e.browser().SignIn(ctx, req)
	}))
	api := e.api(p.Account(public.Account{}, e.Scope()))
	require.Equal(t, 200, e.get(api, "/me"))
	e.Revoke(e.Username())
	require.Equal(t, 200, e.get(api, "/me"))
	require.Len(t, asked, 2)
	assert.Empty(t, asked[0].Claims)
	assert.Equal(t, e.PublicClientID(), asked[0].ClientID)
	var claims map[string]any
	require.NoError(t, json.Unmarshal([]byte(asked[1].Claims), &claims))
	assert.NotContains(t, asked[1].Claims, "xms_cc")
	assert.Equal(t, "the session was revoked or the password changed", asked[1].Reason)
	assert.Equal(t, e.Username(), asked[1].LoginHint)

	for name, prompt := range map[string]ownPrompt{
		"nothing": func(context.Context, tokensource.PromptRequest) (r public.AuthResult, err error) { return },
		"declined": func(context.Context, tokensource.PromptRequest) (r public.AuthResult, err error) {
			return r, tokensource.ErrDeclined
		},
		"panic": func(context.Context, tokensource.PromptRequest) (public.AuthResult, error) { panic("x") },
		"error": func(context.Context, tokensource.PromptRequest) (r public.AuthResult, err error) {
			return r, io.ErrNoProgress
		},
	} {
		_, err := e.public(prompt).SignIn(testContext(t), e.Scope())
		require.Error(t, err, name)
		assert.Equal(t, name == "declined", errors.Is(err, tokensource.ErrDeclined), name)
		assert.Equal(t, name == "error", errors.Is(err, io.ErrNoProgress), name)
		assertNoSecret(t, err, nil)
	}
}

// A code is good once; Entra that has no time has not looked at it.
func TestBrowserRetriesRedemption(t *testing.T) {
	t.Parallel()
	e := newEntra(t)
	busy := entratest.Fault{Status: 503, Header: http.Header{"Retry-After": {"1"}}, Body: `{"error":"temporarily_unavailable"}`}
	e.FailToken(1, busy)
	_, err := e.public(e.browser()).SignIn(testContext(t), e.Scope())
	require.NoError(t, err)
	assert.Equal(t, 1, e.Stats().AuthorizeRequests)
	assert.Equal(t, 2, e.Stats().CodeRequests)

	busy.Header = http.Header{"Retry-After": {"60"}}
	e.FailToken(1, busy)
	_, err = e.public(e.browser()).SignIn(testContext(t), e.Scope())
	var answer *msalcae.Error
	require.ErrorAs(t, err, &answer)
	assert.Equal(t, time.Minute, answer.RetryAfter)

	// What is under a client of somebody else's may send again by itself.
	busy.Header = nil
	for endpoint, prompt := range map[entratest.Endpoint]tokensource.Prompt{
		entratest.TokenEndpoint: e.browser(), entratest.DeviceEndpoint: &tokensource.DeviceCode{Out: io.Discard},
	} {
		e.Fail(endpoint, 1, busy)
		before := len(e.Requests(endpoint))
		_, err = tokensource.WrapPublic(e.rawPublic(), prompt).SignIn(testContext(t), e.Scope())
		require.ErrorAs(t, err, &answer, endpoint)
		assert.Equal(t, 503, answer.Status)
		assert.Equal(t, before+1, len(e.Requests(endpoint)), "%s", endpoint)
	}
}

// No goroutine of ours outlives a sign-in, however it ended.
func TestBrowserLeavesNothing(t *testing.T) {
	e := newEntra(t)
	for _, open := range []func(string) error{e.SignIn, e.Decline, func(string) error { return io.EOF }, func(string) error { return nil }} {
		for _, p := range []*tokensource.Public{e.public(&tokensource.Browser{Open: open}), tokensource.WrapPublic(e.rawPublic(), &tokensource.Browser{Open: open})} {
			ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
			_, _ = p.SignIn(ctx, e.Scope())
			cancel()
		}
	}
	assertNoGoroutineIn(t, "loopback.(*Server)", "tokensource.(*Browser)", "tokensource.msalAuthorizeURL")
}

// A person closed the page without a word, and the program that waited has
// given up. The next call that needs a sign-in brings the page back.
func TestBrowserShowsThePageAgain(t *testing.T) {
	e := newEntra(t)
	pages := make(chan string, 2)
	p := e.public(&tokensource.Browser{Open: func(page string) error { pages <- page; return nil }})
	source := p.Account(public.Account{}, e.Scope())
	first, leave := context.WithCancel(testContext(t))
	left := make(chan error)
	go func() {
		_, err := source.Token(first, msalcae.TokenRequest{})
		left <- err
	}()
	page := <-pages
	leave()
	require.ErrorIs(t, <-left, context.Canceled)
	go func() {
		again := <-pages
		assert.Equal(t, page, again, "the same page")
		_ = e.SignIn(again) // the page that says so may be gone before it is read
	}()
	_, err := source.Token(testContext(t), msalcae.TokenRequest{})
	require.NoError(t, err)
}
