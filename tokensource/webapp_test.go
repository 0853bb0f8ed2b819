package tokensource_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/entratest"
	"github.com/msalcae/msalcae/tokensource"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A webApp is an app with a page that Entra sends people back to.
type webApp struct {
	entra
	*tokensource.WebApp
	uri     string          // of that page
	answers chan url.Values // to it
}

func newWebApp(t testing.TB, e entra, set ...func(*tokensource.WebConfig)) webApp {
	t.Helper()
	answers := make(chan url.Values, 1)
	page := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { answers <- r.URL.Query() }))
	t.Cleanup(page.Close)
	uri := page.URL + "/signed-in"
	e.AddRedirectURI(uri)
	cfg := tokensource.WebConfig{RedirectURI: uri, Scopes: []string{e.Scope()}}
	for _, f := range set {
		f(&cfg)
	}
	app, err := e.confidential().WebApp(cfg)
	require.NoError(t, err)
	return webApp{entra: e, WebApp: app, uri: uri, answers: answers}
}

// visit has the person of the browser answer a sign-in.
func (a webApp) visit(b *entratest.Browser, begun tokensource.WebSignIn) url.Values {
	a.t.Helper()
	require.NoError(a.t, b.Open(begun.URL))
	return <-a.answers
}

// signIn signs the person of the browser in.
func (a webApp) signIn(b *entratest.Browser) public.Account {
	a.t.Helper()
	begun, err := a.SignIn(testContext(a.t), public.Account{})
	require.NoError(a.t, err)
	who, err := a.Redeem(testContext(a.t), begun, a.visit(b, begun))
	require.NoError(a.t, err)
	return who
}

func TestWebUserHeals(t *testing.T) {
	e := newEntra(t)
	a := newWebApp(t, e)
	b := e.NewBrowser(e.Username())
	ada := a.signIn(b)
	assert.Equal(t, e.Username(), ada.PreferredUsername)
	before := e.Stats()
	source := a.User(ada, e.Scope())
	assert.Same(t, source, a.User(public.Account{HomeAccountID: strings.ToUpper(ada.HomeAccountID)}, e.Scope()))
	api := e.api(source)
	require.Equal(t, 200, e.get(api, "/me"))
	assert.Zero(t, e.Stats().Sub(before).TokenRequests, "the sign-in brought it")

	e.ChangePolicy(e.Username())
	require.Equal(t, 200, e.get(api, "/me"), "by the side door")
	d := e.Stats().Sub(before)
	assert.Equal(t, 1, d.Challenges)
	assert.Equal(t, 1, d.TokenRequests)
	assert.Zero(t, d.AuthorizeRequests)
	requests := e.Requests(entratest.TokenEndpoint)
	last := requests[len(requests)-1]
	assert.Contains(t, last.Claims, `"nbf"`)
	assert.Contains(t, last.Claims, `"cp1"`)

	e.Revoke(e.Username())
	_, err := api.Get(e.API() + "/me")
	var redirect *tokensource.RedirectError
	require.ErrorAs(t, err, &redirect)
	require.ErrorIs(t, err, msalcae.ErrInteractionRequired)
	var answer *msalcae.Error
	require.ErrorAs(t, err, &answer, "what Entra said")
	assert.Equal(t, "bad_token", answer.Suberror)
	assert.Equal(t, ada.HomeAccountID, redirect.Account.HomeAccountID)

	begun := redirect.SignIn()
	u, err := url.Parse(begun.URL)
	require.NoError(t, err)
	assert.Equal(t, e.Username(), u.Query().Get("login_hint"))
	assert.Contains(t, u.Query().Get("claims"), `"nbf"`, "what the API asked for")
	assert.NotEmpty(t, u.Query().Get("nonce"))
	assert.Equal(t, "S256", u.Query().Get("code_challenge_method"))
	again, err := a.Redeem(testContext(t), begun, a.visit(b, begun))
	require.NoError(t, err)
	assert.Equal(t, ada.HomeAccountID, again.HomeAccountID)
	before = e.Stats()
	require.Equal(t, 200, e.get(api, "/me"), "with the source that the handler has")
	assert.Zero(t, e.Stats().Sub(before).TokenRequests)
}

// What Entra asks for at the token endpoint rides along to the sign-in, and the
// step-up leaves the token in use for everything else.
func TestWebUserStepsUp(t *testing.T) {
	e := newEntra(t)
	a := newWebApp(t, e)
	b := e.NewBrowser(e.Username())
	ada := a.signIn(b)
	source := a.User(ada, e.Scope())
	api := e.api(source)
	require.Equal(t, 200, e.get(api, "/me"))
	e.RequireAuthContext("c1")
	_, err := api.Get(e.API() + "/me")
	var redirect *tokensource.RedirectError
	require.ErrorAs(t, err, &redirect)
	begun := redirect.SignIn()
	assert.Contains(t, begun.Claims, `"acrs"`)
	assert.Contains(t, begun.Claims, `"capolids"`)
	_, err = a.Redeem(testContext(t), begun, a.visit(b, begun))
	require.NoError(t, err)
	requests := e.Requests(entratest.TokenEndpoint)
	assert.Contains(t, requests[len(requests)-1].Claims, `"acrs"`, "with the code too")
	require.Equal(t, 200, e.get(api, "/me"))
	assert.Contains(t, b.Steps(), "approve")
}

// Other scopes of the same person are had by the refresh token.
func TestWebUserElsewhere(t *testing.T) {
	e := newEntra(t)
	a := newWebApp(t, e)
	ada := a.signIn(e.NewBrowser(e.Username()))
	before := e.Stats()
	_, err := a.User(ada, "api://"+e.ClientID()+"/access").Token(testContext(t), msalcae.TokenRequest{})
	require.NoError(t, err)
	assert.Equal(t, 1, e.Stats().Sub(before).TokenRequests)
}

// Somebody else signs in than was challenged: nothing of them is kept.
func TestWebUserMismatch(t *testing.T) {
	e := newEntra(t)
	bob := e.AddUser(entratest.User{Username: "bob@contoso.test", Password: "bobs-password"})
	a := newWebApp(t, e)
	ada := a.signIn(e.NewBrowser(e.Username()))
	e.Revoke(e.Username())
	_, err := e.api(a.User(ada, e.Scope())).Get(e.API() + "/me")
	var redirect *tokensource.RedirectError
	require.ErrorAs(t, err, &redirect)
	begun := redirect.SignIn()
	_, err = a.Redeem(testContext(t), begun, a.visit(e.NewBrowser(bob.Username), begun))
	require.ErrorIs(t, err, msalcae.ErrAccountMismatch)
	assert.ErrorContains(t, err, e.Username())
	_, err = a.User(public.Account{HomeAccountID: bob.ObjectID + "." + e.Tenant()}, e.Scope()).Token(testContext(t), msalcae.TokenRequest{})
	require.ErrorAs(t, err, &redirect)
}

func TestWebSignOut(t *testing.T) {
	e := newEntra(t)
	a := newWebApp(t, e)
	b := e.NewBrowser(e.Username())
	ada := a.signIn(b)
	source := a.User(ada, e.Scope())
	_, err := source.Token(testContext(t), msalcae.TokenRequest{})
	require.NoError(t, err)
	require.NoError(t, a.SignOut(testContext(t), ada))
	before := e.Stats()
	var redirect *tokensource.RedirectError
	for _, s := range []*tokensource.Source{source, a.User(ada, e.Scope())} {
		_, err = s.Token(testContext(t), msalcae.TokenRequest{})
		require.ErrorAs(t, err, &redirect)
		assert.ErrorContains(t, err, "nobody has signed in with this account")
	}
	assert.Zero(t, e.Stats().Sub(before).TokenRequests)
	require.NoError(t, a.SignOut(testContext(t), ada))
	require.ErrorIs(t, a.SignOut(testContext(t), public.Account{}), msalcae.ErrMisconfigured)
	begun := redirect.SignIn()
	_, err = a.Redeem(testContext(t), begun, a.visit(b, begun))
	require.NoError(t, err)
	require.Equal(t, 200, e.get(e.api(a.User(ada, e.Scope())), "/me"))
}

// Of more people than MaxUsers the least recently used have to come again.
func TestWebUsersAreBounded(t *testing.T) {
	e := newEntra(t)
	bob := e.AddUser(entratest.User{Username: "bob@contoso.test", Password: "bobs-password"})
	a := newWebApp(t, e, func(cfg *tokensource.WebConfig) { cfg.MaxUsers = 1 })
	ada := a.signIn(e.NewBrowser(e.Username()))
	kept := a.User(ada, e.Scope())
	who := a.signIn(e.NewBrowser(bob.Username))
	_, err := kept.Token(testContext(t), msalcae.TokenRequest{})
	require.NoError(t, err, "a request under way goes on")
	_, err = a.User(who, e.Scope()).Token(testContext(t), msalcae.TokenRequest{})
	require.NoError(t, err)
	var redirect *tokensource.RedirectError
	_, err = a.User(ada, e.Scope()).Token(testContext(t), msalcae.TokenRequest{})
	require.ErrorAs(t, err, &redirect)
	assert.Equal(t, e.Username(), redirect.SignIn().Account.PreferredUsername)
}

// Without a network nobody is sent anywhere.
func TestWebUserWithoutNetwork(t *testing.T) {
	e := newEntra(t)
	a := newWebApp(t, e)
	ada := a.signIn(e.NewBrowser(e.Username()))
	source := a.User(ada, e.Scope())
	tok, err := source.Token(testContext(t), msalcae.TokenRequest{})
	require.NoError(t, err)
	e.FailToken(-1, entratest.Fault{Drop: true})
	_, err = source.Token(testContext(t), msalcae.TokenRequest{Rejected: tok.Value, Claims: `{"access_token":{"nbf":{"essential":true,"value":"1"}}}`})
	require.ErrorContains(t, err, "could not be reached")
	assert.NotErrorIs(t, err, msalcae.ErrInteractionRequired)
}

func TestWebConfig(t *testing.T) {
	e := newEntra(t)
	for says, cfg := range map[string]tokensource.WebConfig{
		"RedirectURI is empty":    {Scopes: []string{"User.Read"}},
		"not the address":         {Scopes: []string{"User.Read"}, RedirectURI: "https:///x"},
		"not the address of":      {Scopes: []string{"User.Read"}, RedirectURI: "https://app.test/#x"},
		"does not begin with":     {Scopes: []string{"User.Read"}, RedirectURI: "http://app.test/"},
		"no scopes":               {RedirectURI: "https://app.test/"},
		"a scope is an empty str": {RedirectURI: "https://app.test/", Scopes: []string{""}},
	} {
		_, err := e.confidential().WebApp(cfg)
		require.ErrorIs(t, err, msalcae.ErrMisconfigured, says)
		assert.ErrorContains(t, err, says)
	}
	good := tokensource.WebConfig{RedirectURI: "http://[::1]:1/", Scopes: []string{"User.Read"}}
	_, err := e.confidential().WebApp(good)
	require.NoError(t, err)
	_, err = e.confidential().Tenant("../x").WebApp(good)
	require.ErrorIs(t, err, msalcae.ErrMisconfigured)
	_, err = tokensource.WrapConfidential(e.rawConfidential()).WebApp(good)
	require.ErrorIs(t, err, msalcae.ErrMisconfigured)
	assert.ErrorContains(t, err, "NewConfidential")

	a := newWebApp(t, e)
	for _, s := range []*tokensource.Source{a.User(public.Account{}, "x"), a.User(public.Account{HomeAccountID: "x"})} {
		require.ErrorIs(t, s.Err(), msalcae.ErrMisconfigured)
	}
}
