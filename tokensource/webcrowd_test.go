package tokensource

import (
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
	"github.com/msalcae/msalcae"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// codeOf is the code that Entra gives a person for a sign-in.
func codeOf(who, nonce string) string { return who + "." + nonce }

// crowdEntra redeems such codes, and the refresh tokens that come of them.
func crowdEntra() *scriptedEntra {
	return &scriptedEntra{answer: func(n int, form url.Values) (int, string) {
		who, nonce, _ := strings.Cut(form.Get("code"), ".")
		if form.Get("grant_type") == "refresh_token" {
			who = strings.TrimPrefix(form.Get("refresh_token"), "rt-of-")
		}
		body := userToken(who, fmt.Sprintf("at-%d-of-%s", n, who), form.Get("scope"), "")
		plain := strings.TrimSuffix(idPayload(who), "}")
		return 200, strings.Replace(body, b64(plain+"}"), b64(plain+fmt.Sprintf(`,"nonce":%q}`, nonce)), 1)
	}}
}

// A crowd signs in to one web app, is challenged and signs out, all at once:
// everybody is themselves, and no answer serves in another's browser.
func TestWebCrowd(t *testing.T) {
	const people = 200
	s := crowdEntra()
	app, err := confidentialOver(t, s).WebApp(WebConfig{RedirectURI: "https://app.test/", Scopes: []string{"read"}})
	require.NoError(t, err)
	begun := make([]WebSignIn, people)
	for p := range people {
		begun[p], err = app.SignIn(t.Context(), public.Account{})
		require.NoError(t, err)
	}
	before := heapInUse()
	accounts := make([]public.Account, people)
	var crowd sync.WaitGroup
	for p := range people {
		crowd.Go(func() {
			who, mine, other := fmt.Sprint("person-", p), begun[p], begun[(p+1)%people]
			_, err := app.Redeem(t.Context(), other, url.Values{"state": {mine.State}, "code": {codeOf(who, mine.Nonce)}})
			assert.ErrorIs(t, err, ErrSignInMismatch, "the browser of another")
			_, err = app.Redeem(t.Context(), other, url.Values{"state": {other.State}, "code": {codeOf(who, mine.Nonce)}})
			assert.ErrorIs(t, err, ErrSignInMismatch, "a code brought to another's sign-in")
			a, err := app.Redeem(t.Context(), mine, url.Values{"state": {mine.State}, "code": {codeOf(who, mine.Nonce)}})
			if !assert.NoError(t, err) {
				return
			}
			assert.Equal(t, who, a.PreferredUsername)
			accounts[p] = a
			rejected := ""
			for _, claims := range []string{"", laterNbf} {
				for _, scope := range []string{"read", "write"} {
					tok, err := app.User(a, scope).Token(t.Context(), msalcae.TokenRequest{Claims: claims, Rejected: rejected})
					if assert.NoError(t, err) {
						assert.True(t, strings.HasSuffix(tok.Value, "-of-"+who), "%s got %s", who, tok.Value)
						rejected = tok.Value
					}
				}
			}
		})
	}
	crowd.Wait()
	s.mu.Lock()
	s.requests = nil
	s.mu.Unlock()
	t.Logf("%d people with two sources each: %d bytes each", people, (heapInUse()-before)/people)
	for p := range people {
		crowd.Go(func() { assert.NoError(t, app.SignOut(t.Context(), accounts[p])) })
	}
	crowd.Wait()
	assert.Zero(t, app.users.Len())
	assert.Zero(t, s.count())
}

// Entra writes a client's id in lower case, programs as they found it.
func TestWebAppClientIDInAnySpelling(t *testing.T) {
	s := crowdEntra()
	app, err := confidentialOver(t, s, func(cfg *ConfidentialConfig) { cfg.ClientID = "ID" }).WebApp(WebConfig{RedirectURI: "https://app.test/", Scopes: []string{"read"}})
	require.NoError(t, err)
	begun, err := app.SignIn(t.Context(), public.Account{})
	require.NoError(t, err)
	_, err = app.Redeem(t.Context(), begun, url.Values{"state": {begun.State}, "code": {codeOf("ada", begun.Nonce)}})
	require.NoError(t, err)
}

// An authority that answers a refresh token with somebody else's tokens gives
// them to nobody.
func TestWebUserIsAnsweredForAnother(t *testing.T) {
	s := crowdEntra()
	app, err := confidentialOver(t, s).WebApp(WebConfig{RedirectURI: "https://app.test/", Scopes: []string{"read"}})
	require.NoError(t, err)
	begun, err := app.SignIn(t.Context(), public.Account{})
	require.NoError(t, err)
	ada, err := app.Redeem(t.Context(), begun, url.Values{"state": {begun.State}, "code": {codeOf("ada", begun.Nonce)}})
	require.NoError(t, err)
	s.answer = func(int, url.Values) (int, string) { return 200, userToken("bob", "at-of-bob", "write", "") }
	_, err = app.User(ada, "write").Token(t.Context(), msalcae.TokenRequest{})
	require.ErrorIs(t, err, msalcae.ErrAccountMismatch)
}
