package tokensource_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/tokensource"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What a browser, an extension or another page sends meanwhile does no harm.
// D9: MSAL's own server gives up at the first of these.
func TestD9StrayRequests(t *testing.T) {
	e := newEntra(t)
	for name, stray := range map[string]func(origin string) (*http.Response, error){
		"favicon": func(o string) (*http.Response, error) { return http.Get(o + "/favicon.ico") },
		"wrong state": func(o string) (*http.Response, error) {
			return http.PostForm(o, url.Values{"code": {"x"}, "state": {"y"}})
		},
		"forged error": func(o string) (*http.Response, error) {
			return http.PostForm(o, url.Values{"error": {"x"}, "error_description": {"forged"}})
		},
		"preflight": func(o string) (*http.Response, error) {
			req, _ := http.NewRequest(http.MethodOptions, o, nil)
			return http.DefaultClient.Do(req)
		},
	} {
		t.Run(name, func(t *testing.T) {
			open := func(page string) error {
				u, _ := url.Parse(page)
				if q := u.Query(); q.Has("redirect_uri") { // MSAL's, without a page of its own
					u, _ = url.Parse(q.Get("redirect_uri"))
				}
				resp, err := stray("http://" + u.Host)
				if err == nil {
					resp.Body.Close()
				}
				_ = e.SignIn(page)
				return nil
			}
			_, err := e.rawPublic().AcquireTokenInteractive(testContext(t), []string{e.Scope()}, public.WithOpenURL(open))
			require.Error(t, err, "MSAL does not show the defect any more")
			_, err = e.public(&tokensource.Browser{Open: open}).SignIn(testContext(t), e.Scope())
			require.NoError(t, err)
			http.DefaultClient.CloseIdleConnections()
		})
	}
}

// D9: a client that does not finish its request keeps MSAL, but not us, beyond
// the context.
func TestD9SlowClient(t *testing.T) {
	t.Parallel()
	e := newEntra(t)
	var conns []net.Conn
	defer func() {
		for _, c := range conns {
			c.Close()
		}
	}()
	open := func(page string) error {
		u, _ := url.Parse(page)
		if q := u.Query(); q.Has("redirect_uri") {
			u, _ = url.Parse(q.Get("redirect_uri"))
		}
		c, err := net.Dial("tcp", u.Host)
		if err == nil {
			conns = append(conns, c)
			_, err = io.WriteString(c, "POST / HTTP/1.1\r\nHost: "+u.Host+"\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 9\r\n\r\nx")
		}
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		_, err := e.rawPublic().AcquireTokenInteractive(ctx, []string{e.Scope()}, public.WithOpenURL(open))
		ended <- err
	}()
	select {
	case <-ended:
		t.Error("MSAL does not show the defect any more")
	case <-time.After(500 * time.Millisecond):
	}
	for _, c := range conns {
		c.Close()
	}
	<-ended

	ctx, cancel = context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	start := time.Now()
	_, err := e.public(&tokensource.Browser{Open: open}).SignIn(ctx, e.Scope())
	require.ErrorIs(t, err, context.DeadlineExceeded)
	assert.Less(t, time.Since(start), 2*time.Second)
}

// D9: Entra's error code survives, as does the decision of the person.
func TestD9Declined(t *testing.T) {
	e := newEntra(t)
	_, err := e.rawPublic().AcquireTokenInteractive(testContext(t), []string{e.Scope()}, public.WithOpenURL(e.Decline))
	require.Error(t, err)
	assert.NotContains(t, err.Error(), "access_denied", "MSAL does not show the defect any more")

	p := e.public(&tokensource.Browser{Open: e.Decline})
	_, err = p.SignIn(testContext(t), e.Scope())
	var answer *msalcae.Error
	require.ErrorAs(t, err, &answer)
	assert.Equal(t, "access_denied", answer.Code)
	assert.Equal(t, []int{65004}, answer.AADSTS)
	require.ErrorIs(t, err, tokensource.ErrDeclined)
	assertNoSecret(t, err, nil)
}

// D8: whoever sits at the browser is not whose request is replayed. MSAL takes
// anybody's token.
func TestD8AnotherAccount(t *testing.T) {
	e := newEntra(t)
	ctx := testContext(t)
	as := func(who string) func(string) error {
		return func(url string) error { return e.SignInAs(url, who) }
	}
	raw := e.rawPublic()
	_, err := raw.AcquireTokenInteractive(ctx, []string{e.Scope()}, public.WithOpenURL(as(e.Username())))
	require.NoError(t, err)
	res, err := raw.AcquireTokenInteractive(ctx, []string{e.Scope()}, public.WithLoginHint(e.Username()), public.WithOpenURL(as(grace)))
	require.NoError(t, err)
	assert.Equal(t, grace, res.Account.PreferredUsername, "MSAL does not show the defect any more")

	for name, known := range map[string]bool{"a stranger": false, "an old acquaintance": true} {
		t.Run(name, func(t *testing.T) {
			at := newSeat(e, grace)
			p := e.public(at)
			if known {
				_, err := p.SignIn(ctx, e.Scope())
				require.NoError(t, err)
			}
			at.who.Store(e.Username())
			ada, err := p.SignIn(ctx, e.Scope())
			require.NoError(t, err)
			at.who.Store(grace)
			for _, source := range []*tokensource.Source{p.Account(ada, e.Scope()), p.Account(public.Account{}, e.Scope())} {
				api := e.api(source)
				require.Equal(t, 200, e.get(api, "/me"))
				e.Revoke(e.Username())
				before := e.Stats()
				_, err = api.Get(e.API() + "/me")
				require.ErrorIs(t, err, msalcae.ErrAccountMismatch)
				assert.ErrorContains(t, err, "sign in as "+e.Username())
				assert.Equal(t, 1, e.Stats().Sub(before).APICalls, "not replayed")
				all, err := p.Accounts(ctx)
				require.NoError(t, err)
				assert.Equal(t, known, strings.Contains(names(all), grace))

				at.who.Store(e.Username()) // and now the right one
				require.Equal(t, 200, e.get(api, "/me"))
				at.who.Store(grace)
			}
		})
	}
}
