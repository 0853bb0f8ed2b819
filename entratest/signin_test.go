package entratest_test

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/msalcae/msalcae/entratest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

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

	b := s.NewBrowser(s.Username())
	require.NoError(t, b.Open(app.authorizeURL()))
	b.Decline = true
	assert.ErrorContains(t, b.Open(app.authorizeURL("prompt", "none")), "before anything could be declined")
	assert.NoError(t, b.Open(app.authorizeURL("prompt", "select_account")))
	assert.Equal(t, []string{"signin", "cancel"}, b.Steps())
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

func TestSignInPage(t *testing.T) {
	s := newServer(t)
	app := newNativeApp(t, s)
	page := get(t, s, app.authorizeURL("login_hint", "Grace@contoso.test", "claims", `{"access_token":{"acrs":{"essential":true,"value":"c1"}}}`))
	require.Equal(t, 200, page.status)
	assert.Contains(t, string(page.body), `value="Grace@contoso.test"`)
	assert.Contains(t, string(page.body), "sign-in must satisfy authentication context c1")
	assert.Contains(t, string(page.body), "c1")
	assert.Equal(t, "DENY", page.header.Get("X-Frame-Options"))
	assert.NotContains(t, string(get(t, s, app.authorizeURL()).body), "sign-in must satisfy authentication context c1", "capabilities are no reason")

	wrong := submit(t, s, page, url.Values{"login": {s.Username()}, "passwd": {"wrong"}})
	assert.Equal(t, http.StatusOK, wrong.status)
	assert.Contains(t, string(wrong.body), "Your account or password is incorrect")
	log := s.Requests(entratest.SignInEndpoint)
	assert.Equal(t, 50126, log[len(log)-1].AADSTS)
	right := submit(t, s, wrong, url.Values{"login": {s.Username()}, "passwd": {s.Password()}})
	assert.Contains(t, string(right.body), `name="code"`, "nothing is bound to c1, so nothing more is asked")
	assert.Equal(t, http.StatusBadRequest, submit(t, s, wrong, url.Values{"action": {"cancel"}}).status, "it has ended")
}

// submit sends a page's form.
func submit(t *testing.T, s *entratest.Server, page answer, form url.Values) answer {
	t.Helper()
	_, rest, ok := strings.Cut(string(page.body), `name="ctx" value="`)
	require.True(t, ok, "not a sign-in page: %s", page.body)
	ctx, _, _ := strings.Cut(rest, `"`)
	form.Set("ctx", ctx)
	req, err := http.NewRequest(http.MethodPost, s.Authority()+"/login", strings.NewReader(form.Encode()))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return send(t, s.Client(), req)
}

// A session that is revoked between two pages is no session.
func TestRevocationDuringASignIn(t *testing.T) {
	s := newServer(t)
	app := newNativeApp(t, s)
	s.RequireAuthContext("c1")
	page := get(t, s, app.authorizeURL("claims", `{"access_token":{"acrs":{"essential":true,"value":"c1"}}}`))
	page = submit(t, s, page, url.Values{"login": {s.Username()}, "passwd": {s.Password()}})
	require.Contains(t, string(page.body), `id="approve"`)
	s.Revoke(s.Username())
	page = submit(t, s, page, url.Values{"action": {"approve"}})
	assert.Contains(t, string(page.body), `id="signin"`)
	assert.Zero(t, s.Stats().SignIns)
}

func TestPagesCannotBeSkipped(t *testing.T) {
	s := newServer(t)
	app := newNativeApp(t, s)
	for _, action := range []string{"approve", "accept", "continue", "", "unknown"} {
		page := get(t, s, app.authorizeURL("prompt", "consent"))
		page = submit(t, s, page, url.Values{"action": {action}, "login": {s.Username()}})
		assert.Contains(t, string(page.body), `id="signin"`, action)
	}
	page := get(t, s, app.authorizeURL("prompt", "consent"))
	page = submit(t, s, page, url.Values{"login": {s.Username()}, "passwd": {s.Password()}})
	page = submit(t, s, page, url.Values{"action": {"approve"}})
	assert.Contains(t, string(page.body), `id="consent"`)
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
