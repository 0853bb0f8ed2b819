package entratest_test

import (
	"errors"
	"io"
	"testing"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	msalerrors "github.com/AzureAD/microsoft-authentication-library-for-go/apps/errors"
	"github.com/msalcae/msalcae/entratest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// newMSALConfidential is MSAL's confidential client, unchanged.
func newMSALConfidential(t testing.TB, s *entratest.Server, id string, cred confidential.Credential, options ...confidential.Option) confidential.Client {
	t.Helper()
	client, err := confidential.New(s.Authority(), id, cred, append([]confidential.Option{
		confidential.WithClientCapabilities([]string{"cp1"}), confidential.WithHTTPClient(s.Client())}, options...)...)
	require.NoError(t, err)
	return client
}

func secretOf(t testing.TB, s *entratest.Server) confidential.Credential {
	t.Helper()
	cred, err := confidential.NewCredFromSecret(s.ClientSecret())
	require.NoError(t, err)
	return cred
}

// bodyOf is what the token endpoint answered MSAL with.
func bodyOf(t testing.TB, err error) string {
	t.Helper()
	var call msalerrors.CallErr
	require.True(t, errors.As(err, &call), "%v", err)
	b, readErr := io.ReadAll(call.Resp.Body)
	require.NoError(t, readErr)
	return string(b)
}

const nbfClaims = `{"access_token":{"nbf":{"essential":true,"value":"1700000000"}}}`

func TestMSALOnBehalfOf(t *testing.T) {
	s := newServer(t)
	app := newNativeApp(t, s)
	client := newMSALConfidential(t, s, s.ClientID(), secretOf(t, s))
	assertion := app.caller(cp1)
	scopes := []string{s.Scope()}
	got, err := client.AcquireTokenOnBehalfOf(t.Context(), assertion, scopes)
	require.NoError(t, err)
	assert.Equal(t, s.Username(), got.Account.PreferredUsername)
	assert.Equal(t, 200, call(t, s, got.AccessToken, "GET", "/me", "").status)
	before := s.Stats()
	again, err := client.AcquireTokenOnBehalfOf(t.Context(), assertion, scopes, confidential.WithClaims(nbfClaims))
	require.NoError(t, err)
	assert.NotEqual(t, got.AccessToken, again.AccessToken)
	since := s.Stats().Sub(before)
	assert.Equal(t, [2]int{1, 0}, [2]int{since.RefreshRequests, since.OnBehalfOfRequests}, "the refresh token is redeemed first")

	s.Revoke(s.Username())
	before = s.Stats()
	_, err = client.AcquireTokenOnBehalfOf(t.Context(), assertion, scopes, confidential.WithClaims(nbfClaims))
	assert.Contains(t, bodyOf(t, err), "AADSTS50173")
	since = s.Stats().Sub(before)
	assert.Equal(t, [2]int{1, 1}, [2]int{since.RefreshRequests, since.OnBehalfOfRequests}, "and then the assertion")
}
