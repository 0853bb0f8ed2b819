package tokensource

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"testing"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	msalerrors "github.com/AzureAD/microsoft-authentication-library-for-go/apps/errors"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/tokensource/internal/entra"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

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
