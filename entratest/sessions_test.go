package entratest_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/msalcae/msalcae/entratest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const grace = "grace@contoso.test"

func TestSeveralAccountsInOneBrowser(t *testing.T) {
	s := newServer(t)
	s.AddUser(entratest.User{Username: "eve@fabrikam.test", Password: "eve"})
	app := newNativeApp(t, s)
	b := s.NewBrowser(s.Username())
	open := func(changes ...string) error {
		err := b.Open(app.authorizeURL(append([]string{"prompt", ""}, changes...)...))
		<-app.answers
		return err
	}
	require.NoError(t, open())
	for _, other := range []string{grace, "eve@fabrikam.test"} {
		b.Username = other
		require.NoError(t, open("prompt", "select_account"))
	}
	assert.Equal(t, []string{"signin", "signin", "signin"}, b.Steps())
	require.NoError(t, open())
	assert.Equal(t, "account", b.Steps()[3], "the person picks one of three")
	assert.ErrorContains(t, open("prompt", "none"), "interaction_required")
	require.NoError(t, open("prompt", "none", "login_hint", grace))
	require.NoError(t, open("prompt", "none", "domain_hint", "fabrikam.test"))
	assert.Equal(t, "eve@fabrikam.test", s.Requests(entratest.AuthorizeEndpoint)[len(s.Requests(entratest.AuthorizeEndpoint))-1].Account)
	assert.ErrorContains(t, open("prompt", "none", "domain_hint", "organizations"), "interaction_required", "two are as good as three")
	assert.ErrorContains(t, open("prompt", "none", "domain_hint", "elsewhere.test"), "login_required")
	s.Revoke(s.Username())
	s.Revoke(grace)
	require.NoError(t, open("prompt", "none"), "one is left")
}

func TestMaxAge(t *testing.T) {
	s := newServer(t)
	app := newNativeApp(t, s)
	b := s.NewBrowser(s.Username())
	open := func(changes ...string) error {
		err := b.Open(app.authorizeURL(append([]string{"prompt", ""}, changes...)...))
		<-app.answers
		return err
	}
	require.NoError(t, open("max_age", "0"))
	require.NoError(t, open("max_age", "3600", "prompt", "none"))
	assert.ErrorContains(t, open("max_age", "0", "prompt", "none"), "login_required")
	require.NoError(t, open("max_age", "0"))
	assert.Equal(t, []string{"signin", "signin"}, b.Steps())
	s.SetClockSkew(3601e9, 0)
	assert.ErrorContains(t, open("max_age", "3600", "prompt", "none"), "login_required", "an hour later")
	for _, bad := range []string{"-1", "soon", "99999999999"} {
		assert.ErrorContains(t, open("max_age", bad), "AADSTS90100")
	}
}

// A webApp is told of the end of sessions.
func newLogoutListener(t testing.TB) (where string, told chan url.Values) {
	told = make(chan url.Values, 10)
	l := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { told <- r.URL.Query() }))
	t.Cleanup(l.Close)
	return l.URL, told
}

func TestLogout(t *testing.T) {
	s := newServer(t)
	app := newNativeApp(t, s)
	where := s.Authority() + "/oauth2/v2.0/logout?"
	assert.Equal(t, s.Authority()+"/oauth2/v2.0/logout", get(t, s, s.Authority()+"/v2.0/.well-known/openid-configuration").text("end_session_endpoint"))
	b := s.NewBrowser(s.Username())
	signIn := func() answer {
		t.Helper()
		require.NoError(t, b.Open(app.authorizeURL("prompt", "")))
		return app.redeem((<-app.answers).Get("code"), cp1)
	}
	signedIn := func() bool {
		err := b.Open(app.authorizeURL("prompt", "none"))
		<-app.answers
		return err == nil
	}
	first := signIn()
	require.True(t, signedIn())
	back := url.Values{"post_logout_redirect_uri": {app.redirect + "/bye"}, "id_token_hint": {first.text("id_token")}, "state": {"s"}}
	require.NoError(t, b.SignOut(where+back.Encode()))
	assert.Equal(t, "s", (<-app.answers).Get("state"), "back at the application")
	assert.False(t, signedIn())
	assert.Equal(t, 200, app.refresh(first.text("refresh_token"), cp1).status, "refresh tokens stay good")

	signIn()
	require.NoError(t, b.SignOut(where), "without a hint, everybody")
	assert.False(t, signedIn())
	require.NoError(t, b.SignOut(where), "nobody")

	signIn()
	require.NoError(t, b.SignOut(where+url.Values{"logout_hint": {"another session"}}.Encode()))
	assert.True(t, signedIn())
	stolen := url.Values{"client_id": {s.PublicClientID()}, "post_logout_redirect_uri": {"https://evil.test"}}
	require.NoError(t, b.SignOut(where+stolen.Encode()), "not led astray")
	assert.False(t, signedIn())
	assert.ErrorContains(t, b.SignOut(s.Authority()+"x/oauth2/v2.0/logout"), "AADSTS90002")
	assert.Equal(t, s.Username(), s.Requests(entratest.LogoutEndpoint)[0].Account)
}

func TestFrontChannelLogout(t *testing.T) {
	s := newServer(t)
	app := newNativeApp(t, s)
	logout, told := newLogoutListener(t)
	web := s.AddApp(entratest.App{Secret: "x", RedirectURIs: []string{app.redirect}, LogoutURL: logout + "/out?a=b"})
	b := s.NewBrowser(s.Username())
	require.NoError(t, b.Open(app.authorizeURL("client_id", web.ClientID)))
	state := (<-app.answers).Get("session_state")
	q := url.Values{"client_id": {web.ClientID}, "post_logout_redirect_uri": {app.redirect}}
	require.NoError(t, b.SignOut(s.Authority()+"/oauth2/v2.0/logout?"+q.Encode()))
	assert.Equal(t, url.Values{"a": {"b"}, "sid": {state}, "iss": {s.Authority() + "/v2.0"}}, <-told)
	<-app.answers
}

func TestKeyRotation(t *testing.T) {
	s := newServer(t)
	kids := func() (all []string) {
		for _, k := range get(t, s, s.Authority()+"/discovery/v2.0/keys").json["keys"].([]any) {
			all = append(all, k.(object)["kid"].(string))
		}
		return all
	}
	token := post(t, s, daemon(s, cp1)).token()
	users := func() int { return call(t, s, token, "GET", "/users", "").status }
	before := kids()
	s.RotateKeys()
	assert.Equal(t, before[0], kids()[1], "the new one and the old")
	assert.Equal(t, 200, users())
	fresh := post(t, s, daemon(s, cp1)).token()
	assert.Equal(t, 200, call(t, s, fresh, "GET", "/users", "").status)
	s.RotateKeys()
	assert.Equal(t, 200, users())
	s.RotateKeys()
	assert.NotContains(t, kids(), before[0])
	assert.Len(t, kids(), 3)
	assert.Equal(t, 401, users())
	assert.Equal(t, 200, call(t, s, fresh, "GET", "/users", "").status)
}
