package entratest_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/msalcae/msalcae/entratest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRefreshTokens(t *testing.T) {
	s := newServer(t)
	app := newNativeApp(t, s)
	first := app.signIn(cp1)
	second := app.refresh(first.text("refresh_token"), cp1)
	require.Equal(t, 200, second.status, "%s", second.body)
	assert.NotEqual(t, first.text("refresh_token"), second.text("refresh_token"))
	assert.NotEqual(t, first.token(), second.token())
	assert.NotContains(t, payload(t, second.text("id_token")), "nonce")
	again := app.refresh(first.text("refresh_token"), cp1)
	assert.Equal(t, 200, again.status, "an old refresh token stays valid")

	other := post(t, s, url.Values{"grant_type": {"refresh_token"}, "client_id": {s.PublicClientID()},
		"refresh_token": {first.text("refresh_token")}, "scope": {"api://" + s.ClientID() + "/access"}})
	require.Equal(t, 200, other.status, "%s", other.body)
	assert.Equal(t, "api://"+s.ClientID(), payload(t, other.token())["aud"], "it is bound to no resource")
	same := post(t, s, url.Values{"grant_type": {"refresh_token"}, "client_id": {s.PublicClientID()}, "refresh_token": {first.text("refresh_token")}})
	assert.Equal(t, first.text("scope"), same.text("scope"))

	stranger := s.AddApp(entratest.App{})
	stolen := post(t, s, url.Values{"grant_type": {"refresh_token"}, "client_id": {stranger.ClientID}, "refresh_token": {first.text("refresh_token")}})
	assert.Equal(t, 70000, stolen.code())
	assert.Equal(t, "bad_token", stolen.text("suberror"))
}

func TestStrictRotation(t *testing.T) {
	s := newServer(t)
	s.StrictRotation(true)
	app := newNativeApp(t, s)
	first := app.signIn(cp1)
	second := app.refresh(first.text("refresh_token"), cp1)
	require.Equal(t, 200, second.status)
	third := app.refresh(second.text("refresh_token"), cp1)
	require.Equal(t, 200, third.status)
	assert.Equal(t, 400, app.refresh(first.text("refresh_token"), cp1).status, "redeemed before")
	assert.Equal(t, 400, app.refresh(third.text("refresh_token"), cp1).status, "which killed them all")
	assert.Equal(t, 200, app.signIn(cp1).status)
}

func TestPolicyClaims(t *testing.T) {
	s := newServer(t)
	app := newNativeApp(t, s)
	s.AddRedirectURI(app.redirect)
	grant := func(kind string, more url.Values) answer {
		form := url.Values{"grant_type": {kind}, "client_id": {s.ClientID()}, "client_secret": {s.ClientSecret()},
			"redirect_uri": {app.redirect}, "code_verifier": {app.verifier}}
		for name, values := range more {
			form[name] = values
		}
		return post(t, s, form)
	}
	signIn := func(claims string) answer {
		require.NoError(t, s.SignIn(app.authorizeURL("client_id", s.ClientID(), "claims", claims)))
		return grant("authorization_code", url.Values{"code": {(<-app.answers).Get("code")}, "claims": {claims}})
	}
	first := signIn(cp1)
	require.Equal(t, 200, first.status, "%s", first.body)
	s.RequireAuthContext("c1")
	c1 := `{"access_token":{"acrs":{"essential":true,"value":"c1"}}}`
	refused := grant("refresh_token", url.Values{"refresh_token": {first.text("refresh_token")}, "claims": {c1}})
	require.Equal(t, 50076, refused.code())
	policy := refused.text("claims")
	require.True(t, json.Valid([]byte(policy)))
	assert.Contains(t, policy, "capolids")

	second := signIn(policy)
	require.Equal(t, 200, second.status, "%s", second.body)
	third := grant("refresh_token", url.Values{"refresh_token": {second.text("refresh_token")}, "claims": {c1}})
	require.Equal(t, 200, third.status, "%s", third.body)
	assert.Equal(t, []any{"c1"}, payload(t, third.token())["acrs"])
}

func TestAuthContextsThatNoPolicyBinds(t *testing.T) {
	s := newServer(t)
	app := newNativeApp(t, s)
	a := app.signIn(`{"access_token":{"acrs":{"essential":true,"values":["c7","c8"]}}}`)
	assert.Equal(t, []any{"c7", "c8"}, payload(t, a.token())["acrs"])

	s.RequireAuthContext("c1")
	rt := a.text("refresh_token")
	oneOf := app.refresh(rt, `{"access_token":{"acrs":{"essential":true,"values":["c1","c8"]}}}`)
	require.Equal(t, 200, oneOf.status, "one of the values is enough")
	assert.Equal(t, []any{"c8"}, payload(t, oneOf.token())["acrs"])
	voluntary := app.refresh(rt, `{"access_token":{"acrs":{"value":"c1"}}}`)
	require.Equal(t, 200, voluntary.status, "what is not essential is not insisted on")
	assert.NotContains(t, payload(t, voluntary.token()), "acrs")
	app1 := post(t, s, daemon(s, `{"access_token":{"acrs":{"essential":true,"value":"c1"},"xms_cc":{"values":["cp1"]}}}`))
	require.Equal(t, 200, app1.status)
	assert.NotContains(t, payload(t, app1.token()), "acrs", "contexts are for people")
}

func TestRevocationOfCodesAndOthers(t *testing.T) {
	s := newServer(t)
	app := newNativeApp(t, s)
	require.NoError(t, s.SignIn(app.authorizeURL()))
	back := <-app.answers
	s.Revoke("")
	late := app.redeem(back.Get("code"), cp1)
	assert.Equal(t, 70008, late.code())

	ada := app.signIn(cp1)
	s.Revoke("grace@contoso.test")
	assert.Equal(t, 200, call(t, s, ada.token(), "GET", "/me", "").status, "another user's revocation")
	assert.Equal(t, 200, app.refresh(ada.text("refresh_token"), cp1).status)
	for _, name := range []string{strings.ToUpper(s.Username()), s.Users()[0].ObjectID, s.Users()[0].ObjectID + "." + s.Tenant()} {
		now := app.signIn(cp1)
		s.Revoke(name)
		assert.Equal(t, 401, call(t, s, now.token(), "GET", "/me", "").status, name)
	}
	assert.PanicsWithValue(t, `entratest: there is no user or application "nobody"`, func() { s.Revoke("nobody") })
}

func TestDisable(t *testing.T) {
	s := newServer(t)
	app := newNativeApp(t, s)
	ada := app.signIn(cp1)
	s.Disable(s.Username())
	assert.Equal(t, 401, call(t, s, ada.token(), "GET", "/me", "").status)
	refused := app.refresh(ada.text("refresh_token"), cp1)
	assert.Equal(t, "invalid_grant", refused.text("error"))
	assert.Equal(t, 50057, refused.code())
	require.NoError(t, s.SignInAs(app.authorizeURL(), "grace@contoso.test"))
	code := (<-app.answers).Get("code")
	s.Disable("grace@contoso.test")
	assert.Equal(t, 50057, app.redeem(code, cp1).code())
	s.Enable(s.Username())
	assert.Equal(t, 200, app.refresh(ada.text("refresh_token"), cp1).status)
	assert.Equal(t, 401, call(t, s, ada.token(), "GET", "/me", "").status)

	token := post(t, s, daemon(s, cp1)).token()
	s.Disable(s.ClientID())
	assert.Equal(t, 401, call(t, s, token, "GET", "/users", "").status)
	off := post(t, s, daemon(s, cp1))
	assert.Equal(t, 400, off.status)
	assert.Equal(t, "unauthorized_client", off.text("error"))
	assert.Equal(t, 7000112, off.code())
}
