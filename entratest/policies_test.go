package entratest_test

import (
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/msalcae/msalcae/entratest"
)

// A webApp is the confidential client, with users of its own.
type webApp struct {
	*nativeApp
}

func newWebApp(t *testing.T, s *entratest.Server) webApp {
	app := webApp{newNativeApp(t, s)}
	s.AddRedirectURI(app.redirect)
	return app
}

func (app webApp) grant(kind, name, value, claims string) answer {
	return post(app.t, app.s, url.Values{"grant_type": {kind}, name: {value}, "claims": {claims},
		"client_id": {app.s.ClientID()}, "client_secret": {app.s.ClientSecret()},
		"redirect_uri": {app.redirect}, "code_verifier": {app.verifier}})
}

func (app webApp) signIn(claims string) answer {
	app.t.Helper()
	require.NoError(app.t, app.s.SignIn(app.authorizeURL("client_id", app.s.ClientID(), "claims", claims)))
	return app.grant("authorization_code", "code", (<-app.answers).Get("code"), claims)
}

func (app webApp) refresh(token, claims string) answer {
	return app.grant("refresh_token", "refresh_token", token, claims)
}

const policyClaims = `{"access_token":{"capolids":{"essential":true,"values":["cccccccc-0000-4000-8000-000000000001"]}}}`

func TestPoliciesAreNamedToConfidentialClients(t *testing.T) {
	s := newServer(t)
	for _, c := range consequences {
		t.Run(c.name, func(t *testing.T) {
			defer s.Reset()
			app := newWebApp(t, s)
			first := app.signIn(cp1)
			require.Equal(t, 200, first.status, "%s", first.body)
			c.throw(s)
			claims := cp1
			if used := call(t, s, first.token(), "GET", "/me", ""); used.status == 401 {
				claims = merge(t, challengeOf(t, used))
			}
			silent := app.refresh(first.text("refresh_token"), claims)
			if c.name == "ChangePassword" {
				assert.Equal(t, 200, silent.status, "it does not end confidential clients' refresh tokens")
				return
			}
			assert.Equal(t, c.aadsts, silent.code())
			if !c.policy {
				assert.Empty(t, silent.text("claims"))
				return
			}
			assert.Equal(t, policyClaims, silent.text("claims"))
			s.NamePolicies(true, false)
			assert.Empty(t, app.refresh(first.text("refresh_token"), claims).text("claims"))
			if c.signIn == "" {
				healed := app.signIn(merge(t, policyClaims))
				require.Equal(t, 200, healed.status, "%s", healed.body)
				assert.Equal(t, 200, app.refresh(healed.text("refresh_token"), claims).status)
			}
		})
	}
}

func TestNamePoliciesToPublicClients(t *testing.T) {
	s := newServer(t)
	app := newNativeApp(t, s)
	first := app.signIn(cp1)
	s.RequireMFA("")
	s.NamePolicies(true, true)
	assert.Equal(t, policyClaims, app.refresh(first.text("refresh_token"), cp1).text("claims"))
}

func TestConditionalAccessPerScope(t *testing.T) {
	s := newServer(t)
	app := newNativeApp(t, s)
	rt := app.signIn(cp1).text("refresh_token")
	graph := "https://graph.microsoft.com"
	code := func(scope string) int {
		return post(t, s, url.Values{"grant_type": {"refresh_token"}, "client_id": {s.PublicClientID()}, "refresh_token": {rt}, "scope": {scope}}).code()
	}
	for _, c := range []struct {
		demand, scope string
		concerned     bool
	}{
		{"", graph + "/User.Read", true},
		{graph, graph + "/User.Read", true},
		{graph + "/.default", graph + "/User.Read", true},
		{graph, "api://" + s.ClientID() + "/x", false},
		{graph + "/Mail.Send", graph + "/mail.send", true},
		{graph + "/Mail.Send", graph + "/User.Read", false},
		{graph + "/Mail.Send", graph + "/.default", true},
		{"Mail.Send", graph + "/User.Read " + graph + "/Mail.Send", true},
		{"Mail.Send", graph + "/User.Read", false},
		{"api://" + s.ClientID() + "/Mail.Send", graph + "/Mail.Send", false},
	} {
		want := map[bool]int{true: 50076}[c.concerned]
		s.RequireMFA(c.demand)
		assert.Equal(t, want, code(c.scope), "%+v", c)
		s.RequireMFA()
		want = map[bool]int{true: 53000}[c.concerned]
		s.RequireCompliantDevice("nothing", c.demand)
		assert.Equal(t, want, code(c.scope), "%+v", c)
		s.SetCompliant(s.Username(), true)
		assert.Zero(t, code(c.scope), "%+v", c)
		s.SetCompliant(s.Username(), false)
		s.RequireCompliantDevice()
	}
	s.RequireMFA("")
	s.RequireCompliantDevice("")
	assert.Equal(t, 200, post(t, s, daemon(s, cp1)).status, "applications have no second factor")
}

// One who has been asked for a second factor is at risk no more.
func TestRiskEndsWithASecondFactor(t *testing.T) {
	s := newServer(t)
	app := newNativeApp(t, s)
	s.SetRisk(s.Username(), entratest.RiskMFA)
	first := app.signIn(cp1)
	assert.Equal(t, 200, app.refresh(first.text("refresh_token"), cp1).status)
	s.SetRisk(s.Username(), entratest.RiskMFA)
	assert.Equal(t, 50076, app.refresh(first.text("refresh_token"), cp1).code(), "another risk needs another")
	s.SetRisk(s.Username(), entratest.NoRisk)
	assert.Equal(t, 200, app.refresh(first.text("refresh_token"), cp1).status)
}

// What happens to an application happens to its own tokens.
func TestConsequencesForApplications(t *testing.T) {
	s := newServer(t)
	for _, c := range []struct {
		name     string
		throw    func()
		aadsts   int
		suberror string
		oauth    string
	}{
		{"Delete", func() { s.Delete(s.ClientID()) }, 700016, "", "unauthorized_client"},
		{"Disable", func() { s.Disable(s.ClientID()) }, 7000112, "", "unauthorized_client"},
		{"SetRisk", func() { s.SetRisk(s.ClientID(), entratest.RiskBlock) }, 53003, "message_only", "invalid_grant"},
		{"MoveIP", func() { s.AllowIPs("127.0.0.1"); s.MoveIP(s.ClientID(), "203.0.113.7") }, 53003, "message_only", "invalid_grant"},
	} {
		t.Run(c.name, func(t *testing.T) {
			defer s.Reset()
			first := post(t, s, daemon(s, cp1))
			c.throw()
			refused := call(t, s, first.token(), "GET", "/users", "")
			require.Equal(t, 401, refused.status)
			again := post(t, s, daemon(s, merge(t, challengeOf(t, refused))))
			assert.Equal(t, 400, again.status)
			assert.Equal(t, c.aadsts, again.code())
			assert.Equal(t, c.suberror, again.text("suberror"))
			assert.Equal(t, c.oauth, again.text("error"))
		})
	}
}

func TestDeletedNames(t *testing.T) {
	s := newServer(t)
	id := s.Users()[1].ObjectID
	s.Delete("grace@contoso.test")
	assert.Len(t, s.Users(), 1)
	token := post(t, s, daemon(s, cp1)).token()
	assert.Equal(t, 404, call(t, s, token, "GET", "/users/"+id, "").status)
	assert.Panics(t, func() { s.Revoke("grace@contoso.test") })
	assert.Panics(t, func() { s.AddUser(entratest.User{Username: "grace2@contoso.test", ObjectID: id}) })
	s.AddUser(entratest.User{Username: "grace@contoso.test", Password: "p"})
	require.NoError(t, s.SignInAs(newNativeApp(t, s).authorizeURL(), "grace@contoso.test"))
	s.Delete(s.ClientID())
	assert.Len(t, s.Apps(), 1)
	assert.Panics(t, func() { s.AddApp(entratest.App{ClientID: s.ClientID()}) })
	assert.Panics(t, func() { s.Delete("") })
}

// In standard mode the API takes a token from where only it sees the client, for
// an hour.
func TestStandardLocation(t *testing.T) {
	s := newServer(t)
	app := newNativeApp(t, s)
	s.AllowIPs("127.0.0.0/8", "2001:db8::/32")
	first := app.signIn(cp1)
	assert.Equal(t, 200, call(t, s, first.token(), "GET", "/me", "").status)
	s.MoveIP(s.Username(), "127.9.9.9")
	assert.Equal(t, 200, call(t, s, first.token(), "GET", "/me", "").status, "another allowed address")
	s.MoveIPAtAPI(s.Username(), "203.0.113.7")
	refused := call(t, s, first.token(), "GET", "/me", "")
	require.Equal(t, 401, refused.status)
	second := app.refresh(first.text("refresh_token"), merge(t, challengeOf(t, refused)))
	require.Equal(t, 200, second.status, "%s", second.body)
	claims := payload(t, second.token())
	assert.LessOrEqual(t, claims["exp"].(float64)-claims["iat"].(float64), time.Hour.Seconds())
	assert.Equal(t, "127.9.9.9", claims["ipaddr"])
	assert.Equal(t, 200, call(t, s, second.token(), "GET", "/me", "").status)
	assert.Equal(t, 401, call(t, s, first.token(), "GET", "/me", "").status)
	s.StrictLocation(true)
	assert.Equal(t, 401, call(t, s, second.token(), "GET", "/me", "").status)
	assert.PanicsWithValue(t, `entratest: AllowIPs: "home" is neither an address nor a network`, func() { s.AllowIPs("home") })
	s.AllowIPs()
	assert.Equal(t, 200, call(t, s, first.token(), "GET", "/me", "").status)
}

func TestSilentSignInIsToldWhatIsMissing(t *testing.T) {
	s := newServer(t)
	app := newNativeApp(t, s)
	browser := s.NewBrowser(s.Username())
	open := func() string {
		err := browser.Open(app.authorizeURL("prompt", "none"))
		back := <-app.answers
		if err == nil {
			return ""
		}
		return back.Get("error")
	}
	require.NoError(t, browser.Open(app.authorizeURL("prompt", "")))
	<-app.answers
	assert.Empty(t, open())
	s.WithdrawConsent(s.Username(), s.PublicClientID())
	assert.Equal(t, "consent_required", open())
	s.RequireMFA("")
	assert.Equal(t, "interaction_required", open())
	s.ExpireRefreshTokens("", entratest.ExpiredBySignInFrequency)
	assert.Equal(t, "login_required", open())
	assert.Panics(t, func() { s.WithdrawConsent("", "nobody") })
}
