package tokensource

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	msalerrors "github.com/AzureAD/microsoft-authentication-library-for-go/apps/errors"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/tokensource/internal/entra"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Each defect of MSAL 1.10.1 that is kept away from our users has a test over
// two subjects: MSAL must show it, so that an upgrade which mends it is
// noticed, and we must not. Those that need a browser are in browser_test.go
// and accounts_test.go, those of HTTP in wire_test.go.

const laterNbf = `{"access_token":{"nbf":{"essential":true,"value":"1604106651"}}}`

// A scriptedEntra answers token requests in turn with what answer says.
type scriptedEntra struct {
	mu       sync.Mutex
	requests []url.Values
	answer   func(n int, form url.Values) (status int, body string)
}

func (s *scriptedEntra) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Method == http.MethodGet {
		return reply(req, 200, goodDiscovery), nil
	}
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.requests = append(s.requests, form)
	n := len(s.requests)
	s.mu.Unlock()
	status, text := s.answer(n, form)
	return reply(req, status, text), nil
}

func (s *scriptedEntra) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.requests)
}

// userToken is a token response for a person.
func userToken(uid, value, scope, more string) string {
	b64 := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	return fmt.Sprintf(`{"token_type":"Bearer","expires_in":3600,"access_token":%q,"refresh_token":"rt-of-%s","scope":%q,"client_info":%q,"id_token":%q%s}`,
		value, uid, scope, b64(fmt.Sprintf(`{"uid":%q,"utid":"home"}`, uid)),
		b64(`{"alg":"none"}`)+"."+b64(fmt.Sprintf(`{"sub":%q,"preferred_username":%q,"aud":"id","iss":"x"}`, uid, uid))+".x", more)
}

// signedIn returns a public client to which ada has signed in with the first
// answer of s.
func signedIn(t testing.TB, s *scriptedEntra) (public.Client, public.Account) {
	t.Helper()
	c, err := public.New("id", public.WithAuthority(testAuthority), public.WithInstanceDiscovery(false),
		public.WithClientCapabilities([]string{"cp1"}), public.WithHTTPClient(&http.Client{Transport: s}))
	require.NoError(t, err)
	res, err := c.AcquireTokenByAuthCode(context.Background(), "code", "http://localhost", []string{"read"})
	require.NoError(t, err)
	return c, res.Account
}

// D1: claims that are the literal null, from any API, crash MSAL.
func TestD1NullClaims(t *testing.T) {
	s := &scriptedEntra{answer: func(n int, _ url.Values) (int, string) {
		return 200, userToken("ada", fmt.Sprint("at-", n), "read", "")
	}}
	c, ada := signedIn(t, s)
	assert.Panics(t, func() {
		_, _ = c.AcquireTokenSilent(context.Background(), []string{"read"}, public.WithSilentAccount(ada), public.WithClaims("null"))
	}, "MSAL does not show the defect any more")
	source := WrapPublic(c, nil).Account(ada, "read")
	for name, acquire := range map[string]Acquirer{"source": source.Token, "flow": source.flow.acquire} {
		_, err := acquire(context.Background(), msalcae.TokenRequest{Claims: "null"})
		require.Error(t, err, name)
	}
	tok, err := source.Token(context.Background(), msalcae.TokenRequest{})
	require.NoError(t, err, "no lock was left behind")
	assert.Equal(t, "at-1", tok.Value)
}

// D2: a successful answer to a challenge does not put the refused token out of
// MSAL's cache if Entra granted other scopes than the time before.
func TestD2RefusedTokenAfterSuccess(t *testing.T) {
	grow := func(n int, _ url.Values) (int, string) {
		scope := "read"
		if n > 1 {
			scope = "read write"
		}
		return 200, userToken("ada", fmt.Sprint("at-", n), scope, "")
	}
	const calls = 400
	ctx := context.Background()
	raw, ada := signedIn(t, &scriptedEntra{answer: grow})
	_, err := raw.AcquireTokenSilent(ctx, []string{"read"}, public.WithSilentAccount(ada), public.WithClaims(laterNbf))
	require.NoError(t, err)
	refused := 0
	for range calls {
		res, err := raw.AcquireTokenSilent(ctx, []string{"read"}, public.WithSilentAccount(ada))
		require.NoError(t, err)
		if res.AccessToken == "at-1" {
			refused++
		}
	}
	assert.NotZero(t, refused, "MSAL does not show the defect any more")

	c, ada := signedIn(t, &scriptedEntra{answer: grow})
	p := WrapPublic(c, nil)
	tok, err := p.Account(ada, "read").Token(ctx, msalcae.TokenRequest{})
	require.NoError(t, err)
	_, err = p.Account(ada, "read").Token(ctx, msalcae.TokenRequest{Claims: laterNbf, Rejected: tok.Value})
	require.NoError(t, err)
	for i := range calls {
		// Also sources that come later and have only MSAL's cache to go by.
		p.sources = newRegistry[publicKey](maxSources)
		tok, err := p.Account(ada, "read").Token(ctx, msalcae.TokenRequest{})
		require.NoError(t, err)
		require.NotEqual(t, "at-1", tok.Value, "call %d", i)
	}
}

// D3: after a failed answer to a challenge MSAL goes on with the refused token.
func TestD3RefusedTokenAfterFailure(t *testing.T) {
	fail := func(n int, _ url.Values) (int, string) {
		if n > 1 {
			return 400, `{"error":"interaction_required","suberror":"basic_action","error_codes":[50076],"claims":"{\"access_token\":{\"capolids\":{\"essential\":true,\"values\":[\"p\"]}}}"}`
		}
		return 200, userToken("ada", "at-1", "read", "")
	}
	ctx := context.Background()
	raw, ada := signedIn(t, &scriptedEntra{answer: fail})
	_, err := raw.AcquireTokenSilent(ctx, []string{"read"}, public.WithSilentAccount(ada), public.WithClaims(laterNbf))
	require.Error(t, err)
	res, err := raw.AcquireTokenSilent(ctx, []string{"read"}, public.WithSilentAccount(ada))
	require.NoError(t, err)
	assert.Equal(t, "at-1", res.AccessToken, "MSAL does not show the defect any more")

	c, ada := signedIn(t, &scriptedEntra{answer: fail})
	p := WrapPublic(c, nil)
	tok, err := p.Account(ada, "read").Token(ctx, msalcae.TokenRequest{})
	require.NoError(t, err)
	_, err = p.Account(ada, "read").Token(ctx, msalcae.TokenRequest{Claims: laterNbf, Rejected: tok.Value})
	var answer *msalcae.Error
	require.ErrorAs(t, err, &answer)
	require.ErrorIs(t, err, msalcae.ErrInteractionRequired)
	assert.JSONEq(t, `{"access_token":{"capolids":{"essential":true,"values":["p"]}}}`, answer.Claims)
	_, err = p.Account(ada, "read").Token(ctx, msalcae.TokenRequest{})
	require.ErrorIs(t, err, msalcae.ErrInteractionRequired)
	_, err = p.Account(public.Account{}, "read").Token(ctx, msalcae.TokenRequest{})
	require.Error(t, err, "nor does another source over the client return it")
}

// D5: MSAL sends one token request for each caller.
func TestD5OneRequestForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 50
		run := func(get func() error, s *scriptedEntra) int {
			errs := make(chan error, n)
			for range n {
				go func() { errs <- get() }()
			}
			for range n {
				require.NoError(t, <-errs)
			}
			return s.count()
		}
		slow := func(int, url.Values) (int, string) {
			time.Sleep(time.Second)
			return 200, goodToken
		}
		cred, err := confidential.NewCredFromSecret("x")
		require.NoError(t, err)
		s := &scriptedEntra{answer: slow}
		raw, err := confidential.New(testAuthority, "id", cred, confidential.WithInstanceDiscovery(false), confidential.WithHTTPClient(&http.Client{Transport: s}))
		require.NoError(t, err)
		assert.Equal(t, n, run(func() error {
			_, err := raw.AcquireTokenByCredential(context.Background(), []string{"api://x/.default"})
			return err
		}, s), "MSAL does not show the defect any more")

		s = &scriptedEntra{answer: slow}
		source := appOver(t, s)
		assert.Equal(t, 1, run(func() error {
			_, err := source.Token(context.Background(), msalcae.TokenRequest{})
			return err
		}, s))
	})
}

// D6: MSAL fails a call whose token is good because refreshing it early failed.
func TestD6ProactiveRefresh(t *testing.T) {
	for name, failure := range map[string]string{
		"trouble":     `{"error":"temporarily_unavailable"}`,
		"interaction": `{"error":"invalid_grant","suberror":"bad_token"}`,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &scriptedEntra{answer: func(n int, _ url.Values) (int, string) {
					if n > 1 {
						return 400, failure
					}
					return 200, userToken("ada", "at-1", "read", `,"refresh_in":60`)
				}}
				c, ada := signedIn(t, s)
				time.Sleep(2 * time.Minute)
				res, err := c.AcquireTokenSilent(context.Background(), []string{"read"}, public.WithSilentAccount(ada))
				assert.Error(t, err, "MSAL does not show the defect any more")
				assert.Equal(t, "at-1", res.AccessToken)

				tok, err := WrapPublic(c, nil).Account(ada, "read").Token(context.Background(), msalcae.TokenRequest{})
				require.NoError(t, err)
				assert.Equal(t, "at-1", tok.Value)
				assert.False(t, tok.RefreshOn.IsZero())
			})
		})
	}
}

// D8: MSAL takes a refresh that is answered with another person's token.
func TestD8RefreshForAnother(t *testing.T) {
	ctx := context.Background()
	swap := func(n int, _ url.Values) (int, string) {
		if n > 1 {
			return 200, userToken("bob", "at-of-bob", "read", "")
		}
		return 200, userToken("ada", "at-1", "read", "")
	}
	c, ada := signedIn(t, &scriptedEntra{answer: swap})
	res, err := c.AcquireTokenSilent(ctx, []string{"read"}, public.WithSilentAccount(ada), public.WithClaims(laterNbf))
	require.NoError(t, err, "MSAL does not show the defect any more")
	assert.Equal(t, "at-of-bob", res.AccessToken)

	c, ada = signedIn(t, &scriptedEntra{answer: swap})
	p := WrapPublic(c, nil)
	_, err = p.Account(ada, "read").Token(ctx, msalcae.TokenRequest{Claims: laterNbf, Rejected: "at-1"})
	require.ErrorIs(t, err, msalcae.ErrAccountMismatch)
	all, err := p.Accounts(ctx)
	require.NoError(t, err)
	require.Len(t, all, 1)
	assert.Equal(t, ada.HomeAccountID, all[0].HomeAccountID)
}

// D10: MSAL's errors hold tokens and secrets.
func TestD10ErrorsAreClean(t *testing.T) {
	cred, err := confidential.NewCredFromSecret("the-client-secret")
	require.NoError(t, err)
	call := func(status int, body string) (raw, ours error) {
		s := &scriptedEntra{answer: func(int, url.Values) (int, string) { return status, body }}
		c, err := confidential.New(testAuthority, "id", cred, confidential.WithInstanceDiscovery(false), confidential.WithHTTPClient(&http.Client{Transport: s}))
		require.NoError(t, err)
		_, raw = c.AcquireTokenByCredential(context.Background(), []string{"api://x/.default"})
		_, ours = appOver(t, s).Token(context.Background(), msalcae.TokenRequest{})
		return raw, ours
	}
	raw, ours := call(200, `{"access_token":"a-token"}`)
	require.ErrorContains(t, raw, "a-token", "MSAL does not show the defect any more")
	require.Error(t, ours)
	assert.NotContains(t, ours.Error(), "a-token")

	raw, ours = call(400, `{"error":"invalid_request"}`)
	var answer msalerrors.CallErr
	require.ErrorAs(t, raw, &answer)
	body, err := answer.Req.GetBody()
	require.NoError(t, err)
	sent, err := io.ReadAll(body)
	require.NoError(t, err)
	require.Contains(t, string(sent), "the-client-secret", "MSAL does not show the defect any more")
	assert.False(t, errors.As(ours, &answer))
}

// MSAL has no types for some errors; package entra compares their texts.
func TestTextsOfMSAL(t *testing.T) {
	ctx := context.Background()
	s := &scriptedEntra{answer: func(n int, form url.Values) (int, string) {
		switch {
		case form.Get("code") == "no-token":
			return 200, `{"expires_in":3600}`
		case form.Get("code") == "declined":
			return 200, userToken("ada", "at", "read", "")
		}
		return 200, `{"token_type":"Bearer","expires_in":3600,"access_token":"at","scope":"read","client_info":"eyJ1aWQiOiJ1IiwidXRpZCI6InQifQ","id_token":"e30.eyJzdWIiOiJzIn0."}`
	}}
	c, ada := signedIn(t, s) // without a refresh token
	_, err := c.AcquireTokenSilent(ctx, []string{"read"}, public.WithSilentAccount(ada), public.WithClaims("{}"))
	require.ErrorIs(t, entra.Typed(ctx, err), entra.ErrNoRefreshToken)
	_, err = WrapPublic(c, nil).Account(ada, "read").Token(ctx, msalcae.TokenRequest{Claims: laterNbf, Rejected: "at"})
	require.ErrorIs(t, err, msalcae.ErrInteractionRequired)
	assert.ErrorContains(t, err, "no refresh token")

	_, err = c.AcquireTokenByAuthCode(ctx, "no-token", "http://localhost", []string{"read"})
	require.ErrorContains(t, entra.Typed(ctx, err), "Entra's answer could not be read")
	_, err = c.AcquireTokenByAuthCode(ctx, "declined", "http://localhost", []string{"read", "write"})
	assert.EqualError(t, entra.Typed(ctx, err), "msalcae: Entra granted other scopes than were asked for (write are missing); ask for them as Entra spells them")
}
