package entratest_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/msalcae/msalcae/entratest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What an OpenID Connect library asks for after a sign-in (OpenID Connect Core
// section 5.3), where the discovery document says.
func TestUserInfo(t *testing.T) {
	s := newServer(t)
	at := get(t, s, s.Authority()+"/v2.0/.well-known/openid-configuration").text("userinfo_endpoint")
	assert.Equal(t, strings.TrimSuffix(s.API(), "/v1.0")+"/oidc/userinfo", at)
	app := newNativeApp(t, s)
	tokens := func(scope string) answer {
		require.NoError(t, s.SignIn(app.authorizeURL("scope", scope)))
		a := post(t, s, url.Values{"grant_type": {"authorization_code"}, "client_id": {s.PublicClientID()}, "claims": {cp1},
			"code": {(<-app.answers).Get("code")}, "redirect_uri": {app.redirect}, "code_verifier": {app.verifier}})
		require.Equal(t, 200, a.status, "%s", a.body)
		return a
	}
	all := tokens("openid profile email")
	for _, method := range []string{"GET", "POST"} {
		info := send(t, s.Client(), bearer(t, method, at, all.token(), nil))
		require.Equal(t, 200, info.status, "%s", info.body)
		assert.Contains(t, info.header.Get("Content-Type"), "application/json")
		assert.Equal(t, payload(t, all.text("id_token"))["sub"], info.text("sub"), "the ID token's")
		assert.Equal(t, s.Username(), info.text("email"))
		assert.Equal(t, payload(t, all.text("id_token"))["name"], info.text("name"))
		assert.Contains(t, info.text("picture"), s.API()+"/me/photo/$value")
		assert.NotContains(t, info.json, "@odata.context")
	}
	openID := tokens("User.Read openid")
	info := send(t, s.Client(), bearer(t, "GET", at, openID.token(), nil))
	assert.Len(t, info.json, 1, "sub alone: %s", info.body)

	for name, token := range map[string]string{
		"openid was not asked for": tokens("User.Read").token(),
		"an application":           post(t, s, daemon(s, cp1)).token(),
	} {
		a := send(t, s.Client(), bearer(t, "GET", at, token, nil))
		assert.Equal(t, 403, a.status, name)
		assert.Contains(t, a.header.Get("WWW-Authenticate"), `error="insufficient_scope"`, "RFC 6750 section 3.1")
		assert.NotContains(t, a.header.Get("WWW-Authenticate"), "claims")
	}
	before := s.Stats()
	s.Revoke(s.Username())
	a := send(t, s.Client(), bearer(t, "GET", at, all.token(), nil))
	assert.Equal(t, 401, a.status)
	assert.Equal(t, 1, s.Stats().Sub(before).Challenges, "it is a part of Graph")
	s.Fail(entratest.APIEndpoint, 1, entratest.Fault{Path: "/oidc/userinfo", Status: 503})
	assert.Equal(t, 503, send(t, s.Client(), bearer(t, "GET", at, all.token(), nil)).status)
}

// The access tokens of Graph say which of OpenID Connect's scopes were granted;
// those of other APIs do not.
func TestOpenIDScopesOfAccessTokens(t *testing.T) {
	s := newServer(t)
	app := newNativeApp(t, s)
	for scope, want := range map[string]string{
		"User.Read openid offline_access profile":  "User.Read openid profile",
		"api://" + s.ClientID() + "/access openid": "access",
	} {
		require.NoError(t, s.SignIn(app.authorizeURL("scope", scope)))
		a := post(t, s, url.Values{"grant_type": {"authorization_code"}, "client_id": {s.PublicClientID()},
			"code": {(<-app.answers).Get("code")}, "redirect_uri": {app.redirect}, "code_verifier": {app.verifier}})
		require.Equal(t, 200, a.status, "%s", a.body)
		assert.Equal(t, want, payload(t, a.token())["scp"])
	}
}
