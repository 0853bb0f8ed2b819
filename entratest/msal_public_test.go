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
