package entratest_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/msalcae/msalcae/entratest"
)

func TestScopeEcho(t *testing.T) {
	s := newServer(t)
	app := newNativeApp(t, s)
	require.NoError(t, s.SignIn(app.authorizeURL()))
	rt := app.redeem((<-app.answers).Get("code"), cp1).text("refresh_token")
	graph := strings.TrimSuffix(s.Scope(), "/.default")
	for echo, want := range map[entratest.ScopeEcho]string{
		entratest.EchoAsked:     "User.Read openid profile",
		entratest.EchoQualified: graph + "/User.Read openid profile",
		entratest.EchoReordered: "PROFILE OPENID USER.READ",
		entratest.EchoFewer:     "openid profile",
		entratest.EchoGranted:   "User.Read openid profile",
	} {
		s.SetScopeEcho(echo)
		a := post(t, s, map[string][]string{"grant_type": {"refresh_token"}, "client_id": {s.PublicClientID()},
			"refresh_token": {rt}, "scope": {"User.Read openid offline_access profile"}})
		assert.Equal(t, want, a.text("scope"), string(echo))
		assert.Equal(t, 200, call(t, s, a.token(), "GET", "/me", "").status)
	}
	s.SetScopeEcho(entratest.EchoGranted)
	assert.Contains(t, app.refresh(rt, cp1).text("scope"), graph+"/Mail.ReadWrite", "for .default")
	s.SetScopeEcho(entratest.EchoNone)
	assert.NotContains(t, app.refresh(rt, cp1).json, "scope")
	assert.Panics(t, func() { s.SetScopeEcho("backwards") })
}

func TestAuthContextsCarriedOver(t *testing.T) {
	s := newServer(t)
	c1 := `{"access_token":{"acrs":{"essential":true,"value":"c1"},"xms_cc":{"values":["cp1"]}}}`
	for way, want := range map[entratest.AuthContexts]struct {
		plain any // acrs of a token for which none was asked
		code  int // for one for which c1 is asked again
	}{
		entratest.AuthContextsAsked:     {nil, 0},
		entratest.AuthContextsCarried:   {[]any{"c1"}, 0},
		entratest.AuthContextsForgotten: {nil, 50076},
	} {
		app := newNativeApp(t, s)
		s.RequireAuthContext("c1")
		s.SetAuthContexts(way)
		first := app.signIn(c1)
		require.Equal(t, []any{"c1"}, payload(t, first.token())["acrs"], string(way))
		assert.Equal(t, want.plain, payload(t, app.refresh(first.text("refresh_token"), cp1).token())["acrs"], string(way))
		assert.Equal(t, want.code, app.refresh(first.text("refresh_token"), c1).code(), string(way))
	}
	assert.Panics(t, func() { s.SetAuthContexts("sometimes") })
}

func TestCapability(t *testing.T) {
	s := newServer(t)
	plain, capable := post(t, s, daemon(s, "")).token(), post(t, s, daemon(s, cp1)).token()
	status := func(token string) int { return call(t, s, token, "GET", "/users", "").status }
	s.RequireCP1(true)
	assert.Equal(t, 403, status(plain))
	assert.Equal(t, 200, status(capable))
	s.RequireCP1(false)
	s.Revoke("")
	assert.Equal(t, 200, status(plain), "without cp1 a token is good until it expires")
	assert.Equal(t, 401, status(capable))

	s.ExcludeFromCAE(strings.TrimSuffix(s.Scope(), "/.default"))
	a := post(t, s, daemon(s, cp1))
	assert.LessOrEqual(t, a.json["expires_in"], 5400.0)
	assert.NotContains(t, payload(t, a.token()), "xms_cc")
	s.Revoke("")
	assert.Equal(t, 200, status(a.token()))
	s.ExcludeFromCAE()
	assert.Contains(t, payload(t, post(t, s, daemon(s, cp1)).token()), "xms_cc")
}

// CAE tokens live for 20 to 28 hours, and say what their client can.
func TestLifetimesOfCAETokens(t *testing.T) {
	s := newServer(t)
	for range 30 {
		a := post(t, s, daemon(s, `{"access_token":{"xms_cc":{"values":["CP1","foo"]}}}`))
		assert.GreaterOrEqual(t, a.json["expires_in"], 72000.0)
		assert.LessOrEqual(t, a.json["expires_in"], 100800.0)
		claims := payload(t, a.token())
		assert.Equal(t, []any{"CP1"}, claims["xms_cc"], "as the client spells it; what is not known is left out")
		assert.Equal(t, "1", claims["xms_ssm"])
		plain := post(t, s, daemon(s, ""))
		assert.GreaterOrEqual(t, plain.json["expires_in"], 3600.0)
		assert.LessOrEqual(t, plain.json["expires_in"], 5400.0)
		assert.NotContains(t, payload(t, plain.token()), "xms_ssm")
	}
}
