package entratest_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/msalcae/msalcae/entratest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// apiScope asks for the confidential client's own API.
func apiScope(s *entratest.Server) string { return "api://" + s.ClientID() + "/access" }

// caller signs a person in to the confidential client's API and returns the
// access token that the API is called with.
func (app *nativeApp) caller(claims string) string {
	app.t.Helper()
	require.NoError(app.t, app.s.SignIn(app.authorizeURL("claims", claims, "scope", apiScope(app.s)+" openid offline_access")))
	got := post(app.t, app.s, url.Values{
		"grant_type": {"authorization_code"}, "client_id": {app.s.PublicClientID()}, "code": {(<-app.answers).Get("code")},
		"redirect_uri": {app.redirect}, "code_verifier": {app.verifier}, "claims": {claims},
	})
	require.Equal(app.t, 200, got.status)
	return got.token()
}

// onBehalfOf is an API's request, with changes as authorizeURL has them.
func onBehalfOf(t testing.TB, s *entratest.Server, assertion string, changes ...string) answer {
	t.Helper()
	return post(t, s, with(url.Values{
		"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "requested_token_use": {"on_behalf_of"},
		"client_id": {s.ClientID()}, "client_secret": {s.ClientSecret()}, "assertion": {assertion}, "client_info": {"1"},
		"scope": {s.Scope() + " openid offline_access profile"}, "claims": {cp1},
	}, changes...))
}

func TestOnBehalfOf(t *testing.T) {
	s := newServer(t)
	app := newNativeApp(t, s)
	assertion := app.caller(cp1)
	got := onBehalfOf(t, s, assertion)
	require.Equal(t, 200, got.status)
	claims := payload(t, got.token())
	assert.Equal(t, s.ClientID(), claims["appid"])
	assert.Equal(t, s.Username(), claims["upn"])
	assert.Equal(t, "1", claims["appidacr"])
	assert.Equal(t, payload(t, assertion)["sid"], claims["sid"], "one session")
	assert.Equal(t, s.ClientID(), payload(t, got.text("id_token"))["aud"])
	assert.Equal(t, 200, call(t, s, got.token(), "GET", "/me", "").status)
	require.NotEmpty(t, got.text("refresh_token"))
	assert.Empty(t, onBehalfOf(t, s, assertion, "scope", s.Scope()).text("refresh_token"), "without offline_access")

	again := post(t, s, url.Values{"grant_type": {"refresh_token"}, "client_id": {s.ClientID()}, "client_secret": {s.ClientSecret()},
		"refresh_token": {got.text("refresh_token")}, "scope": {s.Scope()}, "claims": {cp1}})
	assert.Equal(t, 200, again.status)
	st := s.Stats()
	assert.Equal(t, 2, st.OnBehalfOfRequests)
	assert.Equal(t, s.Username(), s.Requests(entratest.TokenEndpoint)[1].Account)
}

func TestOnBehalfOfRefusesAssertions(t *testing.T) {
	s := newServer(t)
	app := newNativeApp(t, s)
	assertion := app.caller(cp1)
	signedIn := app.signIn(cp1)
	application := post(t, s, url.Values{"grant_type": {"client_credentials"}, "client_id": {s.ClientID()},
		"client_secret": {s.ClientSecret()}, "scope": {"api://" + s.ClientID() + "/.default"}})
	other := s.AddApp(entratest.App{Secret: "other", Name: "another API", IdentifierURIs: []string{"https://api.contoso.test"}})

	refused(t, onBehalfOf(t, s, "no.token.this"), "invalid_grant", 50013)
	refused(t, onBehalfOf(t, s, assertion[:len(assertion)-8]+"AAAAAAAA"), "invalid_grant", 50013)
	refused(t, onBehalfOf(t, s, signedIn.token()), "invalid_grant", 50013) // for Graph
	refused(t, onBehalfOf(t, s, assertion, "client_id", other.ClientID, "client_secret", "other"), "invalid_grant", 50013)
	refused(t, onBehalfOf(t, s, signedIn.text("id_token")), "invalid_grant", 240002)
	refused(t, onBehalfOf(t, s, application.token()), "invalid_grant", 7000114)
	refused(t, onBehalfOf(t, s, ""), "invalid_request", 900144)
	refused(t, onBehalfOf(t, s, assertion, "requested_token_use", ""), "invalid_request", 900144)
	refused(t, onBehalfOf(t, s, assertion, "requested_token_use", "x"), "invalid_request", 90100)
	refused(t, onBehalfOf(t, s, assertion, "scope", ""), "invalid_request", 900144)
	assert.Equal(t, 7000218, onBehalfOf(t, s, assertion, "client_id", s.PublicClientID(), "client_secret", "").code())
	assert.Equal(t, http.StatusUnauthorized, onBehalfOf(t, s, assertion, "client_secret", "wrong").status)

	// The same person's token for the other API is for the other API.
	require.NoError(t, s.SignIn(app.authorizeURL("scope", "https://api.contoso.test/access")))
	code := (<-app.answers).Get("code")
	forOther := post(t, s, url.Values{"grant_type": {"authorization_code"}, "client_id": {s.PublicClientID()}, "code": {code},
		"redirect_uri": {app.redirect}, "code_verifier": {app.verifier}}).token()
	refused(t, onBehalfOf(t, s, forOther), "invalid_grant", 50013)
	assert.Equal(t, 200, onBehalfOf(t, s, forOther, "client_id", other.ClientID, "client_secret", "other").status)
}

// What happens to the person counts: of the API's own name no more than of the
// sign-in that the assertion came from.
func TestOnBehalfOfAfterEvents(t *testing.T) {
	s := newServer(t)
	app := newNativeApp(t, s)
	assertion := app.caller(cp1)
	got := onBehalfOf(t, s, assertion)
	s.MoveIP(s.Username(), "203.0.113.7")
	s.ChangePolicy(s.Username())
	assert.Equal(t, 401, call(t, s, got.token(), "GET", "/me", "").status)
	anew := onBehalfOf(t, s, assertion, "claims", merge(t, challengeOf(t, call(t, s, got.token(), "GET", "/me", ""))))
	require.Equal(t, 200, anew.status, "the session is good")
	assert.Equal(t, 200, call(t, s, anew.token(), "GET", "/me", "").status)

	s.Revoke(s.Username())
	gone := onBehalfOf(t, s, assertion)
	refused(t, gone, "invalid_grant", 50173)
	assert.Equal(t, "bad_token", gone.text("suberror"))
	assert.Equal(t, 200, onBehalfOf(t, s, app.caller(cp1)).status, "a new assertion")

	s.Disable(s.Username())
	refused(t, onBehalfOf(t, s, assertion), "invalid_grant", 50057)
	s.Enable(s.Username())

	old := app.caller(cp1)
	s.Reset()
	refused(t, onBehalfOf(t, s, old), "invalid_grant", 50013)
}

// Section 10 of the flow: the API relays the claims to its client, whose person
// does more; the token that the client gets lets the next request pass.
func TestOnBehalfOfRelaysClaims(t *testing.T) {
	s := newServer(t)
	s.RequireAuthContext("c1")
	app := newNativeApp(t, s)
	assertion := app.caller(cp1)
	wanted := merge(t, `{"access_token":{"acrs":{"essential":true,"value":"c1"}}}`)
	asked := onBehalfOf(t, s, assertion, "claims", wanted)
	refused(t, asked, "interaction_required", 50076)
	assert.Equal(t, "basic_action", asked.text("suberror"))
	require.Contains(t, asked.text("claims"), "capolids")

	stepped := app.caller(merge(t, asked.text("claims")))
	refused(t, onBehalfOf(t, s, assertion, "claims", wanted), "interaction_required", 50076) // the old assertion
	got := onBehalfOf(t, s, stepped, "claims", wanted)
	require.Equal(t, 200, got.status)
	assert.Equal(t, []any{"c1"}, payload(t, got.token())["acrs"])
	assert.Equal(t, 200, call(t, s, got.token(), "GET", "/me", "").status)
}

// An API under a name of its own, behind Protect, acts as the confidential
// client.
func TestOnBehalfOfBehindProtect(t *testing.T) {
	s := newServer(t)
	s.Protect(http.NotFoundHandler(), "https://api.fabrikam.test")
	app := newNativeApp(t, s)
	require.NoError(t, s.SignIn(app.authorizeURL("scope", "https://api.fabrikam.test/.default")))
	code := (<-app.answers).Get("code")
	assertion := post(t, s, url.Values{"grant_type": {"authorization_code"}, "client_id": {s.PublicClientID()}, "code": {code},
		"redirect_uri": {app.redirect}, "code_verifier": {app.verifier}}).token()
	assert.Equal(t, 200, onBehalfOf(t, s, assertion).status)
}
