package entratest_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestResponseModes(t *testing.T) {
	s := newServer(t)
	app := newNativeApp(t, s)
	for _, mode := range []string{"query", "form_post", ""} {
		require.NoError(t, s.SignIn(app.authorizeURL("response_mode", mode)), mode)
		back := <-app.answers
		assert.Equal(t, "the-state", back.Get("state"))
		assert.NotEmpty(t, back.Get("session_state"))
		assert.Equal(t, 200, app.redeem(back.Get("code"), "").status)
	}
	// The client does not see a fragment; the page that it serves would.
	require.NoError(t, s.SignIn(app.authorizeURL("response_mode", "fragment")))
	assert.Empty(t, <-app.answers)
}

// The client may send the browser to a short loopback URL first.
func TestSignInFollowsRedirectsToTheAuthorizeEndpoint(t *testing.T) {
	s := newServer(t)
	app := newNativeApp(t, s)
	short := newRedirector(t, app.authorizeURL())
	require.NoError(t, s.SignIn(short))
	assert.NotEmpty(t, (<-app.answers).Get("code"))
}

func TestPKCE(t *testing.T) {
	s := newServer(t)
	app := newNativeApp(t, s)
	code := func(changes ...string) string {
		require.NoError(t, s.SignIn(app.authorizeURL(changes...)))
		return (<-app.answers).Get("code")
	}
	assert.Equal(t, 200, app.redeem(code("code_challenge", app.verifier, "code_challenge_method", "plain"), "").status)
	assert.Equal(t, 200, app.redeem(code("code_challenge", app.verifier, "code_challenge_method", ""), "").status, "no method means plain")

	first := code()
	verifier := app.verifier
	app.verifier = strings.Repeat("w", 43)
	wrong := app.redeem(first, "")
	assert.Equal(t, 400, wrong.status)
	assert.Equal(t, "invalid_grant", wrong.text("error"))
	assert.Equal(t, 501481, wrong.code())
	app.verifier = verifier
	assert.Equal(t, 200, app.redeem(first, "").status, "a wrong verifier does not spend the code")
	twice := app.redeem(first, "")
	assert.Equal(t, 54005, twice.code())
}

// Mistakes that the client is told of, at its redirect URI.
func TestAuthorizeErrors(t *testing.T) {
	s := newServer(t)
	app := newNativeApp(t, s)
	for _, c := range []struct {
		change []string
		err    string
		aadsts string
	}{
		{[]string{"response_type", "token"}, "unsupported_response_type", "AADSTS700054"},
		{[]string{"response_type", ""}, "invalid_request", "AADSTS900144"},
		{[]string{"response_mode", "carrier_pigeon"}, "invalid_request", "AADSTS90100"},
		{[]string{"prompt", "please"}, "invalid_request", "AADSTS90023"},
		{[]string{"prompt", "none login"}, "invalid_request", "AADSTS90023"},
		{[]string{"prompt", "none"}, "login_required", "AADSTS50058"},
		{[]string{"claims", "{"}, "invalid_request", "AADSTS90100"},
		{[]string{"claims", "null"}, "invalid_request", "AADSTS90100"},
		{[]string{"claims", `{"access_token":[]}`}, "invalid_request", "AADSTS90100"},
		{[]string{"claims", `{"access_token":{"acrs":"c1"}}`}, "invalid_request", "AADSTS90100"},
		{[]string{"claims", `{"access_token":{}} {}`}, "invalid_request", "AADSTS90100"},
		{[]string{"claims", "eyJhY2Nlc3NfdG9rZW4iOnt9fQ=="}, "invalid_request", "AADSTS90100"},
		{[]string{"claims", `{"x":"` + strings.Repeat("x", 17<<10) + `"}`}, "invalid_request", "AADSTS90100"},
		{[]string{"code_challenge", ""}, "invalid_request", "AADSTS50147"},
		{[]string{"code_challenge", "short"}, "invalid_request", "AADSTS501491"},
		{[]string{"code_challenge_method", "S512"}, "invalid_request", "AADSTS90100"},
		{[]string{"scope", ""}, "invalid_request", "AADSTS900144"},
		{[]string{"scope", "https://fabrikam.test/.default"}, "invalid_resource", "AADSTS500011"},
		{[]string{"scope", s.Scope() + " api://" + s.ClientID() + "/.default"}, "invalid_scope", "AADSTS700022"},
		{[]string{"scope", "https://fabrikam.test/"}, "invalid_scope", "AADSTS70011"},
	} {
		err := s.SignIn(app.authorizeURL(c.change...))
		require.ErrorContains(t, err, c.err, c.change)
		assert.ErrorContains(t, err, c.aadsts, c.change)
		back := <-app.answers
		assert.Equal(t, c.err, back.Get("error"))
		assert.Equal(t, "the-state", back.Get("state"))
		assert.Contains(t, back.Get("error_description"), "\r\nTrace ID: ")
		assert.NotContains(t, back, "code")
	}
	assert.Zero(t, s.Stats().Prompts)
}

// Mistakes for which nobody can be redirected.
func TestAuthorizeErrorPages(t *testing.T) {
	s := newServer(t)
	app := newNativeApp(t, s)
	for change, aadsts := range map[[2]string]string{
		{"client_id", ""}: "AADSTS900144",
		{"client_id", "00000000-0000-4000-8000-000000000000"}: "AADSTS700016",
		{"redirect_uri", ""}:                             "AADSTS900144",
		{"redirect_uri", "https://evil.test/"}:           "AADSTS50011",
		{"redirect_uri", "http://localhost@evil.test/"}:  "AADSTS50011",
		{"redirect_uri", "http://localhost.evil.test/"}:  "AADSTS50011",
		{"redirect_uri", "http://localhost:1/#"}:         "AADSTS50011",
		{"state", strings.Repeat("x", 17<<10)}:           "AADSTS90100",
		{"redirect_uri", "http://localhost:1/#fragment"}: "AADSTS50011",
		{"redirect_uri", "javascript:alert(1)"}:          "AADSTS50011",
		{"redirect_uri", "https://localhost:1/"}:         "AADSTS50011",
		{"redirect_uri", "%zz"}:                          "AADSTS50011",
		{"client_id", "<script>alert(1)</script>"}:       "AADSTS700016",
	} {
		url := app.authorizeURL(change[0], change[1])
		a := get(t, s, url)
		assert.Equal(t, 400, a.status, change)
		assert.Contains(t, a.header.Get("Content-Type"), "text/html")
		assert.Contains(t, string(a.body), aadsts, change)
		assert.NotContains(t, string(a.body), "<script>alert")
		assert.ErrorContains(t, s.SignIn(url), aadsts, "the browser says what the page says")
	}
	unknown := strings.Replace(app.authorizeURL(), s.Tenant(), "fabrikam.test", 1)
	assert.ErrorContains(t, s.SignIn(unknown), "AADSTS90002")
	assert.Empty(t, app.answers)
}

func TestRedirectURIs(t *testing.T) {
	s := newServer(t)
	app := newNativeApp(t, s)
	for _, uri := range []string{app.redirect, app.redirect + "/any/path", app.listener.URL, app.listener.URL + "/?a=b"} {
		require.NoError(t, s.SignIn(app.authorizeURL("redirect_uri", uri)), uri)
		<-app.answers
	}
	native := "https://login.microsoftonline.com/common/oauth2/nativeclient"
	assert.NoError(t, s.SignIn(app.authorizeURL("redirect_uri", native, "response_mode", "query")))

	confidential := func(uri string) error {
		return s.SignIn(app.authorizeURL("client_id", s.ClientID(), "redirect_uri", uri))
	}
	assert.ErrorContains(t, confidential(app.redirect+"/auth"), "AADSTS50011", "nothing is registered")
	s.AddRedirectURI("http://localhost/auth")
	require.NoError(t, confidential(app.redirect+"/auth"), "the port does not matter")
	<-app.answers
	assert.ErrorContains(t, confidential(app.redirect+"/other"), "AADSTS50011")
}

// A person can use the pages too: what they say, and what a wrong password does.
// Nothing that a page does before the password moves a sign-in on.
