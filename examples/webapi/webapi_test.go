package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/entratest"
	"github.com/msalcae/msalcae/tokensource"
	"github.com/msalcae/msalcae/wwwauth"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// start returns the API's address, and a person's client of it.
func start(t *testing.T) (entra *entratest.Server, address string, person *tokensource.Source) {
	t.Helper()
	entra = entratest.NewServer()
	t.Cleanup(entra.Close)
	secret, err := confidential.NewCredFromSecret(entra.ClientSecret())
	require.NoError(t, err)
	handler, err := newAPI(tokensource.ConfidentialConfig{
		Authority: entra.Authority(), ClientID: entra.ClientID(), Credential: secret, HTTPClient: entra.Client(),
	}, entra.API(), entra.Scope())
	require.NoError(t, err)
	server := httptest.NewServer(handler) // plain http is for loopback
	t.Cleanup(server.Close)
	app, err := tokensource.NewPublic(tokensource.PublicConfig{
		Authority: entra.Authority(), ClientID: entra.PublicClientID(), Prompt: &tokensource.Browser{Open: entra.SignIn}, HTTPClient: entra.Client(),
	})
	require.NoError(t, err)
	return entra, server.URL, app.Account(public.Account{}, "api://"+entra.ClientID()+"/access")
}

// get calls the API with tokens of a source.
func get(t *testing.T, source msalcae.TokenSource, address string) (int, string) {
	t.Helper()
	u, err := url.Parse(address)
	require.NoError(t, err)
	resp, err := (&msalcae.Transport{Source: source, Hosts: []string{u.Host}}).Client().Get(address + "/profile")
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, string(body)
}

func TestWebAPI(t *testing.T) {
	entra, address, person := start(t)
	status, text := get(t, person, address)
	require.Equal(t, 200, status)
	assert.Contains(t, text, entra.Username())

	before := entra.Stats()
	entra.ChangePolicy(entra.Username())
	status, _ = get(t, person, address)
	require.Equal(t, 200, status)
	assert.Zero(t, entra.Stats().Sub(before).SignIns, "this API's own refresh token does")

	entra.Revoke(entra.Username())
	status, _ = get(t, person, address)
	require.Equal(t, 200, status)
	assert.Equal(t, 1, entra.Stats().Sub(before).SignIns, "relayed, and answered by the one who can")

	entra.RequireAuthContext("c1")
	status, _ = get(t, person, address)
	require.Equal(t, 200, status)
	assert.Equal(t, 2, entra.Stats().Sub(before).SignIns)
}

func TestWebAPIRefuses(t *testing.T) {
	entra, address, person := start(t)
	good, err := person.Token(t.Context(), msalcae.TokenRequest{})
	require.NoError(t, err)
	head, rest, _ := strings.Cut(good.Value, ".")
	payload, _, _ := strings.Cut(rest, ".")
	other, err := appToken(t, entra)
	require.NoError(t, err)
	for name, token := range map[string]string{
		"nothing": "", "garbage": "garbage", "unsigned": head + "." + payload + ".", "for another API": other,
		"not signed": "eyJhbGciOiJub25lIn0." + payload + ".",
	} {
		req, err := http.NewRequest(http.MethodGet, address+"/profile", nil)
		require.NoError(t, err)
		req.Header.Set("Authorization", "Bearer "+token)
		resp, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		resp.Body.Close()
		assert.Equal(t, 401, resp.StatusCode, name)
		claims, err := wwwauth.Claims(resp)
		require.NoError(t, err)
		assert.Empty(t, claims, name)
	}
}

func appToken(t *testing.T, entra *entratest.Server) (string, error) {
	t.Helper()
	secret, err := confidential.NewCredFromSecret(entra.ClientSecret())
	require.NoError(t, err)
	app, err := tokensource.NewConfidential(tokensource.ConfidentialConfig{
		Authority: entra.Authority(), ClientID: entra.ClientID(), Credential: secret, HTTPClient: entra.Client(),
	})
	require.NoError(t, err)
	tok, err := app.App(entra.Scope()).Token(t.Context(), msalcae.TokenRequest{})
	if err != nil {
		return "", err
	}
	return tok.Value, nil
}

// A caller that does not answer challenges is not sent one.
func TestWebAPIWithoutCP1(t *testing.T) {
	entra, address, _ := start(t)
	resp, err := entra.Client().PostForm(entra.Authority()+"/oauth2/v2.0/token", url.Values{"grant_type": {"password"}, "client_id": {entra.PublicClientID()},
		"username": {entra.Username()}, "password": {entra.Password()}, "scope": {"api://" + entra.ClientID() + "/access"}})
	require.NoError(t, err)
	body, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	require.NoError(t, err)
	_, rest, _ := strings.Cut(string(body), `"access_token":"`)
	token, _, _ := strings.Cut(rest, `"`)
	entra.RequireAuthContext("c1")
	req, err := http.NewRequest(http.MethodGet, address+"/profile", nil)
	require.NoError(t, err)
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err = http.DefaultClient.Do(req)
	require.NoError(t, err)
	resp.Body.Close()
	assert.Equal(t, 403, resp.StatusCode)
}

func TestWebAPIWithoutEntra(t *testing.T) {
	entra, address, person := start(t)
	tok, err := person.Token(t.Context(), msalcae.TokenRequest{})
	require.NoError(t, err)
	entra.Fail(entratest.DiscoveryEndpoint, -1, entratest.Fault{Status: 500})
	req, err := http.NewRequest(http.MethodGet, address+"/profile", nil)
	require.NoError(t, err)
	req.Header.Set("Authorization", "Bearer "+tok.Value)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	resp.Body.Close()
	assert.Equal(t, 502, resp.StatusCode)
}
