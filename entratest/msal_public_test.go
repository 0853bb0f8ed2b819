package entratest_test

import (
	"testing"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
	"github.com/msalcae/msalcae/entratest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// newMSALPublic is MSAL's public client, unchanged, against the server under
// Microsoft's names.
func newMSALPublic(t testing.TB, s *entratest.Server, authority string) public.Client {
	t.Helper()
	client, err := public.New(s.PublicClientID(), public.WithAuthority(authority),
		public.WithClientCapabilities([]string{"cp1"}), public.WithHTTPClient(s.Client()))
	require.NoError(t, err)
	return client
}

func TestMSALDeviceCode(t *testing.T) {
	s := newServer(t)
	client := newMSALPublic(t, s, s.Authority())
	code, err := client.AcquireTokenByDeviceCode(t.Context(), []string{s.Scope()})
	require.NoError(t, err)
	require.NoError(t, s.EnterCode(code.Result.VerificationURL, code.Result.UserCode))
	got, err := code.AuthenticationResult(t.Context())
	require.NoError(t, err)
	assert.Equal(t, s.Username(), got.Account.PreferredUsername)
	again, err := client.AcquireTokenSilent(t.Context(), []string{s.Scope()}, public.WithSilentAccount(got.Account),
		public.WithClaims(`{"access_token":{"nbf":{"essential":true,"value":"1700000000"}}}`))
	require.NoError(t, err)
	assert.NotEqual(t, got.AccessToken, again.AccessToken)
	assert.Equal(t, 200, call(t, s, again.AccessToken, "GET", "/me", "").status)
}

func TestMSALInteractive(t *testing.T) {
	s := newServer(t)
	client := newMSALPublic(t, s, "https://login.microsoftonline.com/organizations")
	scopes := []string{"https://graph.microsoft.com/.default"}
	b := s.NewBrowser(s.Username())
	got, err := client.AcquireTokenInteractive(t.Context(), scopes, public.WithOpenURL(b.Open))
	require.NoError(t, err)
	again, err := client.AcquireTokenSilent(t.Context(), scopes, public.WithSilentAccount(got.Account))
	require.NoError(t, err)
	assert.Equal(t, got.AccessToken, again.AccessToken)
	assert.Equal(t, []string{"signin"}, b.Steps())
}

func TestMSALPassword(t *testing.T) {
	s := newServer(t)
	client := newMSALPublic(t, s, s.Authority())
	//lint:ignore SA1019 programs use it as long as MSAL has it: what is tested is that they can be
	got, err := client.AcquireTokenByUsernamePassword(t.Context(), []string{s.Scope()}, s.Username(), s.Password())
	require.NoError(t, err)
	assert.Equal(t, s.Username(), got.Account.PreferredUsername)
}

func TestMSALAuthCode(t *testing.T) {
	s := newServer(t)
	app := newNativeApp(t, s)
	client := newMSALPublic(t, s, s.Authority())
	where, err := client.AuthCodeURL(t.Context(), s.PublicClientID(), app.redirect, []string{s.Scope()})
	require.NoError(t, err)
	require.NoError(t, s.SignIn(where))
	got, err := client.AcquireTokenByAuthCode(t.Context(), (<-app.answers).Get("code"), app.redirect, []string{s.Scope()})
	require.NoError(t, err)
	assert.Equal(t, s.Username(), got.Account.PreferredUsername)
}
