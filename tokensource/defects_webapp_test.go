package tokensource

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/cache"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
	"github.com/msalcae/msalcae"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// webEntra answers token requests with numbered tokens of ada, whose ID token
// has the nonce that is set.
func webEntra(nonce *string) *scriptedEntra {
	return &scriptedEntra{answer: func(n int, form url.Values) (int, string) {
		body := userToken("ada", fmt.Sprint("at-", n), form.Get("scope"), "")
		plain := idPayload("ada")
		with := fmt.Sprintf(`%s,"nonce":%q}`, strings.TrimSuffix(plain, "}"), *nonce)
		return 200, strings.Replace(body, b64(plain), b64(with), 1)
	}}
}

// webSignedIn returns a web app at s to which ada has signed in.
func webSignedIn(t testing.TB, s *scriptedEntra, nonce *string) (*WebApp, public.Account) {
	t.Helper()
	app, err := confidentialOver(t, s).WebApp(WebConfig{RedirectURI: "https://app.test/", Scopes: []string{"read"}})
	require.NoError(t, err)
	begun, err := app.SignIn(context.Background(), public.Account{})
	require.NoError(t, err)
	*nonce = begun.Nonce
	ada, err := app.Redeem(context.Background(), begun, url.Values{"state": {begun.State}, "code": {"code"}})
	require.NoError(t, err)
	return app, ada
}

// rawWebApp is an MSAL client to which ada has signed in.
func rawWebApp(t testing.TB, s *scriptedEntra, more ...confidential.Option) (confidential.Client, public.Account) {
	t.Helper()
	cred, err := confidential.NewCredFromSecret("x")
	require.NoError(t, err)
	c, err := confidential.New(testAuthority, "id", cred, append(more, confidential.WithInstanceDiscovery(false),
		confidential.WithHTTPClient(&http.Client{Transport: s}), confidential.WithClientCapabilities([]string{"cp1"}))...)
	require.NoError(t, err)
	res, err := c.AcquireTokenByAuthCode(context.Background(), "code", "https://app.test/", []string{"read"})
	require.NoError(t, err)
	return c, res.Account
}

// D7: MSAL does not answer a challenge to a web app's user, though it has the
// refresh token to do so.
func TestD7WebUserChallenged(t *testing.T) {
	ctx, nonce := context.Background(), ""
	raw, ada := rawWebApp(t, webEntra(&nonce))
	_, err := raw.AcquireTokenSilent(ctx, []string{"read"}, confidential.WithSilentAccount(ada))
	require.NoError(t, err)
	_, err = raw.AcquireTokenSilent(ctx, []string{"read"}, confidential.WithSilentAccount(ada), confidential.WithClaims(laterNbf))
	require.ErrorContains(t, err, "call another AcquireToken method", "MSAL does not show the defect any more")

	s := webEntra(&nonce)
	app, who := webSignedIn(t, s, &nonce)
	source := app.User(who, "read")
	tok, err := source.Token(ctx, msalcae.TokenRequest{})
	require.NoError(t, err)
	assert.Equal(t, "at-1", tok.Value)
	for n := 2; n < 8; n++ { // also the very same claims again, which MSAL would answer from its cache
		tok, err = source.Token(ctx, msalcae.TokenRequest{Claims: laterNbf, Rejected: tok.Value})
		require.NoError(t, err)
		assert.Equal(t, fmt.Sprint("at-", n), tok.Value)
		last := s.requests[len(s.requests)-1]
		assert.Equal(t, "refresh_token", last.Get("grant_type"))
		assert.JSONEq(t, `{"access_token":{"nbf":{"essential":true,"value":"1604106651"},"xms_cc":{"values":["cp1"]}}}`, last.Get("claims"))
	}
}

// The claims of a challenge become part of MSAL's key for a token: without end
// if they have the time in them, as Entra's do.
func TestChallengesDoNotPileUp(t *testing.T) {
	ctx, nonce := context.Background(), ""
	const challenges = 100
	grown := func(accessor func(*sizer) cache.ExportReplace) (times int) {
		var size sizer
		c, ada := rawWebApp(t, webEntra(&nonce), confidential.WithCache(accessor(&size)))
		first := size.bytes
		for n := range challenges {
			claims := fmt.Sprintf(`{"access_token":{"nbf":{"essential":true,"value":"%d"}}}`, 1700000000+n)
			_, err := c.AcquireTokenSilent(ctx, []string{"read"}, confidential.WithSilentAccount(ada), confidential.WithClaimsFromClient(claims))
			require.NoError(t, err)
		}
		return size.bytes / first
	}
	assert.Greater(t, grown(func(s *sizer) cache.ExportReplace { return s }), 10, "MSAL does not show the defect any more")
	assert.LessOrEqual(t, grown(func(s *sizer) cache.ExportReplace { return measured{s} }), 1)
}

// measured is what a web user's client has below it, with a sizer.
type measured struct{ *sizer }

func (measured) Replace(ctx context.Context, memory cache.Unmarshaler, hints cache.ReplaceHints) error {
	return refreshOnly{}.Replace(ctx, memory, hints)
}

// A sizer is a cache accessor that knows how much MSAL would store.
type sizer struct{ bytes int }

func (*sizer) Replace(context.Context, cache.Unmarshaler, cache.ReplaceHints) error { return nil }

func (s *sizer) Export(_ context.Context, from cache.Marshaler, _ cache.ExportHints) error {
	data, err := from.Marshal()
	s.bytes = len(data)
	return err
}

// MSAL's RemoveAccount leaves the person's entry in a store that has one for
// each person, and the tokens in it go on to be used.
func TestSignOutLeavesNothing(t *testing.T) {
	ctx, nonce := context.Background(), ""
	raw, ada := rawWebApp(t, webEntra(&nonce), confidential.WithCache(&partitions{kept: map[string][]byte{}}))
	require.NoError(t, raw.RemoveAccount(ctx, ada))
	res, err := raw.AcquireTokenSilent(ctx, []string{"read"}, confidential.WithSilentAccount(ada))
	require.NoError(t, err, "MSAL does not show the defect any more")
	assert.Equal(t, "at-1", res.AccessToken)

	s := webEntra(&nonce)
	app, who := webSignedIn(t, s, &nonce)
	source := app.User(who, "read")
	require.NoError(t, app.SignOut(ctx, who))
	for _, held := range []*Source{source, app.User(who, "read"), app.User(who, "other")} {
		_, err = held.Token(ctx, msalcae.TokenRequest{})
		require.ErrorIs(t, err, msalcae.ErrInteractionRequired)
	}
	assert.Equal(t, 1, s.count())
}

// A token request that was under way when its person signed out brings nothing.
func TestSignOutDuringARequest(t *testing.T) {
	ctx, nonce := context.Background(), ""
	s := webEntra(&nonce)
	app, who := webSignedIn(t, s, &nonce)
	answer := s.answer
	s.answer = func(n int, form url.Values) (int, string) {
		assert.NoError(t, app.SignOut(ctx, who))
		return answer(n, form)
	}
	_, err := app.User(who, "other").Token(ctx, msalcae.TokenRequest{})
	var redirect *RedirectError
	require.ErrorAs(t, err, &redirect)
	assert.Equal(t, 2, s.count())
}

// Nor does one for a source that its person has too many others to remember.
func TestSignOutDuringARequestOfAForgottenSource(t *testing.T) {
	ctx, nonce := context.Background(), ""
	s := webEntra(&nonce)
	app, who := webSignedIn(t, s, &nonce)
	held := app.User(who, "other")
	for n := range maxUserSources {
		app.User(who, fmt.Sprint("scope-", n))
	}
	require.NotSame(t, held, app.User(who, "other"))
	answer := s.answer
	s.answer = func(n int, form url.Values) (int, string) {
		assert.NoError(t, app.SignOut(ctx, who))
		return answer(n, form)
	}
	_, err := held.Token(ctx, msalcae.TokenRequest{})
	require.ErrorIs(t, err, msalcae.ErrInteractionRequired)
}

// One that was under way when they signed in again is not the last word: what
// the new sign-in brought is.
func TestSignInDuringARequest(t *testing.T) {
	ctx, nonce := context.Background(), ""
	s := webEntra(&nonce)
	app, who := webSignedIn(t, s, &nonce)
	answer := s.answer
	s.answer = func(n int, form url.Values) (int, string) {
		if n > 2 {
			return answer(n, form)
		}
		begun, err := app.SignIn(ctx, who)
		assert.NoError(t, err)
		nonce = begun.Nonce
		_, err = app.Redeem(ctx, begun, url.Values{"state": {begun.State}, "code": {"code"}})
		assert.NoError(t, err)
		return 400, `{"error":"invalid_grant","suberror":"bad_token","error_codes":[50173]}`
	}
	tok, err := app.User(who, "other").Token(ctx, msalcae.TokenRequest{})
	require.NoError(t, err)
	assert.Equal(t, "at-4", tok.Value)
	assert.Equal(t, 4, s.count())
}

// What was refused for other scopes is asked for again once they have signed in.
func TestSignInRelieves(t *testing.T) {
	ctx, nonce := context.Background(), ""
	s := webEntra(&nonce)
	app, who := webSignedIn(t, s, &nonce)
	answer := s.answer
	s.answer = func(int, url.Values) (int, string) { return 400, `{"error":"invalid_grant","suberror":"bad_token"}` }
	other := app.User(who, "other")
	for range 2 {
		_, err := other.Token(ctx, msalcae.TokenRequest{})
		require.ErrorIs(t, err, msalcae.ErrInteractionRequired)
	}
	assert.Equal(t, 2, s.count(), "remembered")
	s.answer = answer
	begun, err := app.SignIn(ctx, who)
	require.NoError(t, err)
	nonce = begun.Nonce
	_, err = app.Redeem(ctx, begun, url.Values{"state": {begun.State}, "code": {"code"}})
	require.NoError(t, err)
	tok, err := other.Token(ctx, msalcae.TokenRequest{})
	require.NoError(t, err)
	assert.Equal(t, "at-4", tok.Value)
}
