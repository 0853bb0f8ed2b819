package entratest_test

import (
	"context"
	"crypto/x509"
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

func TestMSALCertificate(t *testing.T) {
	s := newServer(t)
	own := s.ClientCertificate()
	cred, err := confidential.NewCredFromCert([]*x509.Certificate{own.Leaf}, own.PrivateKey)
	require.NoError(t, err)
	for _, options := range [][]confidential.Option{nil, {confidential.WithX5C()}} {
		client := newMSALConfidential(t, s, s.ClientID(), cred, options...)
		got, err := client.AcquireTokenByCredential(t.Context(), []string{s.Scope()})
		require.NoError(t, err)
		assert.Equal(t, "2", payload(t, got.AccessToken)["azpacr"])
		again, err := client.AcquireTokenByCredential(t.Context(), []string{s.Scope()}, confidential.WithClaims(nbfClaims))
		require.NoError(t, err)
		assert.NotEqual(t, got.AccessToken, again.AccessToken)
	}
	app := newNativeApp(t, s)
	_, err = newMSALConfidential(t, s, s.ClientID(), cred).AcquireTokenOnBehalfOf(t.Context(), app.caller(cp1), []string{s.Scope()})
	require.NoError(t, err, "every grant takes a certificate")
}

func TestMSALFederatedAssertion(t *testing.T) {
	s := newServer(t)
	cluster := s.Issuer("cluster")
	app := s.AddApp(entratest.App{FederatedCredentials: []entratest.FederatedCredential{{Issuer: cluster.URL(), Subject: "worker"}}})
	cred := confidential.NewCredFromAssertionCallback(func(context.Context, confidential.AssertionRequestOptions) (string, error) {
		return cluster.Token("worker"), nil
	})
	client := newMSALConfidential(t, s, app.ClientID, cred)
	got, err := client.AcquireTokenByCredential(t.Context(), []string{s.Scope()})
	require.NoError(t, err)
	assert.Equal(t, 200, call(t, s, got.AccessToken, "GET", "/users", "").status)
}

func TestMSALUserCredential(t *testing.T) {
	s := newServer(t)
	issuer := s.Issuer("agents")
	s.AddFederatedCredential(s.ClientID(), entratest.FederatedCredential{Issuer: issuer.URL(), Subject: "agent"})
	client := newMSALConfidential(t, s, s.ClientID(), secretOf(t, s))
	got, err := client.AcquireTokenByUserFederatedIdentityCredential(t.Context(), []string{s.Scope()}, issuer.Token("agent"),
		confidential.WithUserFICUsername(s.Username()))
	require.NoError(t, err)
	assert.Equal(t, s.Username(), got.Account.PreferredUsername)
}

func TestMSALWebApp(t *testing.T) {
	s := newServer(t)
	app := newNativeApp(t, s)
	s.AddRedirectURI(app.redirect)
	client := newMSALConfidential(t, s, s.ClientID(), secretOf(t, s))
	where, err := client.AuthCodeURL(t.Context(), s.ClientID(), app.redirect, []string{s.Scope()})
	require.NoError(t, err)
	require.NoError(t, s.SignIn(where))
	got, err := client.AcquireTokenByAuthCode(t.Context(), (<-app.answers).Get("code"), app.redirect, []string{s.Scope()})
	require.NoError(t, err)
	assert.Equal(t, s.Username(), got.Account.PreferredUsername)
	again, err := client.AcquireTokenSilent(t.Context(), []string{s.Scope()}, confidential.WithSilentAccount(got.Account))
	require.NoError(t, err)
	assert.Equal(t, got.AccessToken, again.AccessToken)
}

// MSAL Go sends no proof of the client with a password.
func TestMSALConfidentialPassword(t *testing.T) {
	s := newServer(t)
	client := newMSALConfidential(t, s, s.ClientID(), secretOf(t, s))
	_, err := client.AcquireTokenByUsernamePassword(t.Context(), []string{s.Scope()}, s.Username(), s.Password())
	assert.Contains(t, bodyOf(t, err), "AADSTS7000218")
	lenient := s.AddApp(entratest.App{Secret: s.ClientSecret(), AllowPublicClient: true})
	client = newMSALConfidential(t, s, lenient.ClientID, secretOf(t, s))
	got, err := client.AcquireTokenByUsernamePassword(t.Context(), []string{s.Scope()}, s.Username(), s.Password())
	require.NoError(t, err)
	assert.Equal(t, s.Username(), got.Account.PreferredUsername)
	assert.Equal(t, "0", payload(t, got.AccessToken)["azpacr"])
	form := with(daemon(s, cp1), "client_id", lenient.ClientID, "client_secret", "")
	assert.Equal(t, 7000218, post(t, s, form).code(), "no application speaks for itself without proof")
}
