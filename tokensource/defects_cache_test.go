package tokensource

import (
	"context"
	"fmt"
	"net/url"
	"testing"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
	"github.com/msalcae/msalcae"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

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
