package entratest_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/msalcae/msalcae/entratest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// postFrom asks the token endpoint as a script of a page does; "" is no page.
func postFrom(t *testing.T, s *entratest.Server, origin string, form url.Values) answer {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, s.Authority()+"/oauth2/v2.0/token", strings.NewReader(form.Encode()))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if origin != "" {
		req.Header.Set("Origin", origin)
	}
	return send(t, s.Client(), req)
}

func TestSinglePageApplications(t *testing.T) {
	s := newServer(t)
	app := newNativeApp(t, s)
	const page = "http://localhost:3000"
	redirect := app.redirect + "/spa"
	spa := s.AddApp(entratest.App{SinglePageRedirectURIs: []string{"http://localhost/spa"}})

	codeFor := func(client, to string) string {
		require.NoError(t, s.SignIn(app.authorizeURL("client_id", client, "redirect_uri", to)))
		return (<-app.answers).Get("code")
	}
	redeem := func(client, to, code, origin string) answer {
		return postFrom(t, s, origin, url.Values{"grant_type": {"authorization_code"}, "client_id": {client}, "code": {code},
			"redirect_uri": {to}, "code_verifier": {app.verifier}, "scope": {s.Scope() + " offline_access"}})
	}
	refresh := func(client, token, origin string) answer {
		return postFrom(t, s, origin, url.Values{"grant_type": {"refresh_token"}, "client_id": {client}, "refresh_token": {token}})
	}

	code := codeFor(spa.ClientID, redirect)
	assert.Equal(t, 9002327, redeem(spa.ClientID, redirect, code, "").code())
	assert.Equal(t, 9002327, redeem(spa.ClientID, redirect, code, strings.TrimSuffix(s.Authority(), "/"+s.Tenant())).code(), "of its own origin")
	tokens := redeem(spa.ClientID, redirect, code, page)
	require.Equal(t, 200, tokens.status, "%s", tokens.body)
	assert.Equal(t, "*", tokens.header.Get("Access-Control-Allow-Origin"))
	assert.Equal(t, 9002327, refresh(spa.ClientID, tokens.text("refresh_token"), "").code())
	again := refresh(spa.ClientID, tokens.text("refresh_token"), page)
	require.Equal(t, 200, again.status, "%s", again.body)
	assert.Equal(t, 9002327, refresh(spa.ClientID, again.text("refresh_token"), "").code(), "its successors are a page's as well")

	native := codeFor(s.PublicClientID(), app.redirect)
	refused := redeem(s.PublicClientID(), app.redirect, native, page)
	assert.Equal(t, 9002326, refused.code())
	assert.Equal(t, "*", refused.header.Get("Access-Control-Allow-Origin"), "the script must be able to read why")
	others := redeem(s.PublicClientID(), app.redirect, native, "")
	require.Equal(t, 200, others.status, "%s", others.body)
	assert.Equal(t, 9002326, refresh(s.PublicClientID(), others.text("refresh_token"), page).code())
}

func TestCrossOriginRequests(t *testing.T) {
	s := newServer(t)
	token := post(t, s, daemon(s, cp1)).token()
	from := func(method, url string, more ...string) answer {
		req := bearer(t, method, url, token, nil)
		req.Header.Set("Origin", "https://app.contoso.test")
		for i := 0; i < len(more); i += 2 {
			req.Header.Set(more[i], more[i+1])
		}
		return send(t, s.Client(), req)
	}

	before := s.Stats()
	for _, endpoint := range []string{s.API() + "/users", s.Authority() + "/oauth2/v2.0/token", s.Authority() + "/v2.0/.well-known/openid-configuration"} {
		preflight := from(http.MethodOptions, endpoint, "Access-Control-Request-Method", "GET", "Access-Control-Request-Headers", "authorization")
		assert.Equal(t, 204, preflight.status, endpoint)
		assert.Equal(t, "*", preflight.header.Get("Access-Control-Allow-Origin"))
		assert.Equal(t, "authorization", preflight.header.Get("Access-Control-Allow-Headers"))
		assert.Contains(t, preflight.header.Get("Access-Control-Allow-Methods"), "POST")
	}
	assert.Equal(t, before, s.Stats(), "a preflight is no request of the client's")

	users := from(http.MethodGet, s.API()+"/users")
	assert.Equal(t, 200, users.status)
	assert.Equal(t, "*", users.header.Get("Access-Control-Allow-Origin"))
	s.Revoke(s.ClientID())
	challenged := from(http.MethodGet, s.API()+"/users")
	assert.Equal(t, 401, challenged.status)
	assert.Contains(t, challenged.header.Get("Access-Control-Expose-Headers"), "WWW-Authenticate")

	page := from(http.MethodOptions, s.Authority()+"/oauth2/v2.0/authorize", "Access-Control-Request-Method", "GET")
	assert.Empty(t, page.header.Get("Access-Control-Allow-Origin"), "pages are for people")
	assert.Empty(t, from(http.MethodGet, s.Authority()+"/oauth2/v2.0/authorize").header.Get("Access-Control-Allow-Origin"))
}
