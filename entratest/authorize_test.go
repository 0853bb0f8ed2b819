package entratest_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/msalcae/msalcae/entratest"
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

func TestSessions(t *testing.T) {
	s := newServer(t)
	app := newNativeApp(t, s)
	b := s.NewBrowser(s.Username())
	open := func(changes ...string) error {
		err := b.Open(app.authorizeURL(changes...))
		<-app.answers
		return err
	}
	require.NoError(t, open("prompt", ""))
	require.NoError(t, open("prompt", ""), "the session suffices")
	require.NoError(t, open("prompt", "none"))
	require.NoError(t, open("prompt", "none", "login_hint", s.Username()))
	assert.Equal(t, []string{"signin"}, b.Steps())
	assert.Equal(t, 1, s.Stats().Prompts)
	assert.Equal(t, 4, s.Stats().SignIns)

	require.NoError(t, open("prompt", "select_account"))
	assert.Equal(t, []string{"signin", "account"}, b.Steps(), "an account is picked, without its password")
	require.NoError(t, open("prompt", "login"))
	require.NoError(t, open("prompt", "consent"))
	assert.Equal(t, []string{"signin", "account", "signin", "consent"}, b.Steps())
	assert.ErrorContains(t, open("prompt", "none", "login_hint", "grace@contoso.test"), "login_required")
	assert.ErrorContains(t, s.NewBrowser("grace@contoso.test").Open(app.authorizeURL("prompt", "none")), "login_required", "another browser")
	<-app.answers

	s.Revoke(s.Username())
	assert.ErrorContains(t, open("prompt", "none"), "login_required", "the session is revoked")
	require.NoError(t, open("prompt", ""))
	assert.Equal(t, "signin", b.Steps()[len(b.Steps())-1])
}

func TestStepUpInASession(t *testing.T) {
	s := newServer(t)
	app := newNativeApp(t, s)
	s.RequireAuthContext("c1")
	c1 := `{"access_token":{"acrs":{"essential":true,"value":"c1"}}}`
	b := s.NewBrowser(s.Username())
	require.NoError(t, b.Open(app.authorizeURL("prompt", "")))
	<-app.answers
	assert.ErrorContains(t, b.Open(app.authorizeURL("prompt", "none", "claims", c1)), "interaction_required")
	<-app.answers
	require.NoError(t, b.Open(app.authorizeURL("prompt", "", "claims", c1)))
	<-app.answers
	require.NoError(t, b.Open(app.authorizeURL("prompt", "none", "claims", c1)), "the session has passed it")
	<-app.answers
	assert.Equal(t, []string{"signin", "approve"}, b.Steps())

	s.RequireAuthContext("c1", "c2")
	both := `{"access_token":{"acrs":{"essential":true,"values":["c2"]}}}`
	assert.ErrorContains(t, b.Open(app.authorizeURL("prompt", "none", "claims", both)), "interaction_required", "c1 is not c2")
}

func TestDecline(t *testing.T) {
	s := newServer(t)
	app := newNativeApp(t, s)
	require.NoError(t, s.Decline(app.authorizeURL()))
	back := <-app.answers
	assert.Equal(t, "access_denied", back.Get("error"))
	assert.Equal(t, "cancel", back.Get("error_subcode"))
	assert.Contains(t, back.Get("error_description"), "AADSTS65004")
	assert.Equal(t, "the-state", back.Get("state"))
	assert.Equal(t, 1, s.Stats().Prompts)
	assert.Zero(t, s.Stats().SignIns)
}

func TestSignInAs(t *testing.T) {
	s := newServer(t)
	app := newNativeApp(t, s)
	linus := s.AddUser(entratest.User{Username: "linus@contoso.test", Password: "secret", Name: "Linus"})
	for _, user := range append(s.Users(), linus) {
		require.NoError(t, s.SignInAs(app.authorizeURL(), user.Username))
		a := app.redeem((<-app.answers).Get("code"), "")
		assert.Equal(t, user.ObjectID, payload(t, a.token())["oid"])
		assert.Equal(t, user.Username, payload(t, a.text("id_token"))["preferred_username"])
	}
	assert.ErrorContains(t, s.SignInAs(app.authorizeURL(), "nobody@contoso.test"), "password is incorrect")
}

// A person can use the pages too: what they say, and what a wrong password does.
func TestSignInPage(t *testing.T) {
	s := newServer(t)
	app := newNativeApp(t, s)
	page := get(t, s, app.authorizeURL("login_hint", "Grace@contoso.test", "claims", `{"access_token":{"acrs":{"essential":true,"value":"c1"}}}`))
	require.Equal(t, 200, page.status)
	assert.Contains(t, string(page.body), `value="Grace@contoso.test"`)
	assert.Contains(t, string(page.body), "You are asked because")
	assert.Contains(t, string(page.body), "c1")
	assert.Equal(t, "DENY", page.header.Get("X-Frame-Options"))
	assert.NotContains(t, string(get(t, s, app.authorizeURL()).body), "You are asked because", "capabilities are no reason")

	_, rest, _ := strings.Cut(string(page.body), `name="ctx" value="`)
	ctx, _, _ := strings.Cut(rest, `"`)
	resp, err := s.Client().PostForm(s.Authority()+"/login", url.Values{"ctx": {ctx}, "login": {s.Username()}, "passwd": {"wrong"}})
	require.NoError(t, err)
	body, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	require.NoError(t, err)
	assert.Equal(t, http.StatusOK, resp.StatusCode)
	assert.Contains(t, string(body), "Your account or password is incorrect")
	log := s.Requests(entratest.SignInEndpoint)
	assert.Equal(t, 50126, log[len(log)-1].AADSTS)

	resp, err = s.Client().PostForm(s.Authority()+"/login", url.Values{"ctx": {"made up"}})
	require.NoError(t, err)
	resp.Body.Close()
	assert.Equal(t, http.StatusBadRequest, resp.StatusCode)
}

// Nothing that a page does before the password moves a sign-in on.
func TestPagesCannotBeSkipped(t *testing.T) {
	s := newServer(t)
	app := newNativeApp(t, s)
	for _, action := range []string{"approve", "accept", "continue", "", "unknown"} {
		page := get(t, s, app.authorizeURL("prompt", "consent"))
		_, rest, _ := strings.Cut(string(page.body), `name="ctx" value="`)
		ctx, _, _ := strings.Cut(rest, `"`)
		resp, err := s.Client().PostForm(s.Authority()+"/login", url.Values{"ctx": {ctx}, "action": {action}, "login": {s.Username()}})
		require.NoError(t, err)
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		assert.Contains(t, string(body), `id="signin"`, action)
	}
	assert.Zero(t, s.Stats().SignIns)
}

func TestConcurrentSignIns(t *testing.T) {
	s := newServer(t)
	app := newNativeApp(t, s)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() { assert.NoError(t, s.SignIn(app.authorizeURL())) })
	}
	wg.Wait()
	codes := map[string]bool{}
	for range 20 {
		codes[(<-app.answers).Get("code")] = true
	}
	assert.Len(t, codes, 20)
	assert.Equal(t, 20, s.Stats().Prompts)
}

func TestSignInReportsWhatWentWrong(t *testing.T) {
	s := newServer(t)
	app := newNativeApp(t, s)
	assert.ErrorContains(t, s.SignIn(":"), "cannot be parsed")
	assert.ErrorContains(t, s.SignIn(app.listener.URL), "neither a sign-in page nor the answer of one")
	closed := app.authorizeURL("redirect_uri", "http://127.0.0.1:1/")
	err := s.SignIn(closed)
	assert.ErrorContains(t, err, "could not open http://127.0.0.1:1")
	assert.NotContains(t, err.Error(), "code=")

	s.Disable(s.Username())
	assert.ErrorContains(t, s.SignIn(app.authorizeURL()), "AADSTS50057")
	s.Enable(s.Username())
	assert.NoError(t, s.SignIn(app.authorizeURL()))
}
