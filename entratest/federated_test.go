package entratest_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/msalcae/msalcae/entratest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestFederatedCredential(t *testing.T) {
	s := newServer(t)
	cluster, other := s.Issuer("cluster"), s.Issuer("other")
	const subject = "system:serviceaccount:default:worker"
	app := s.AddApp(entratest.App{Name: "workload", FederatedCredentials: []entratest.FederatedCredential{
		{Issuer: cluster.URL(), Subject: subject}, {Issuer: cluster.URL(), Subject: "second", Audience: "api://mine"}}}).ClientID
	got := post(t, s, asserted(s, app, cluster.Token(subject)))
	require.Equal(t, 200, got.status)
	assert.Equal(t, "2", payload(t, got.token())["appidacr"])
	assert.Equal(t, 200, call(t, s, got.token(), "GET", "/users", "").status)

	token := cluster.Token(subject)
	for name, c := range map[string]struct {
		assertion string
		code      int
	}{
		"an audience of its own": {cluster.Token("second", "api://mine", "more"), 0},
		"another issuer":         {other.Token(subject), 700211},
		"another subject":        {cluster.Token("default:worker"), 700213},
		"another audience":       {cluster.Token(subject, "api://mine"), 700212},
		"expired":                {cluster.TokenFor(0, subject), 700024},
		"forged":                 {token[:len(token)-8] + "AAAAAAAA", 70023},
	} {
		assert.Equal(t, c.code, post(t, s, asserted(s, app, c.assertion)).code(), name)
	}
	assert.Equal(t, 700211, post(t, s, asserted(s, s.ClientID(), token)).code(), "not registered there")
	s.AddFederatedCredential(s.ClientID(), entratest.FederatedCredential{Issuer: cluster.URL(), Subject: subject})
	assert.Equal(t, 200, post(t, s, asserted(s, s.ClientID(), token)).status)
}

// A token of the directory itself is one of an application, a managed identity
// for example, or no credential.
func TestFederatedCredentialOfTheDirectory(t *testing.T) {
	s := newServer(t)
	form := daemon(s, "")
	form.Set("scope", "api://AzureADTokenExchange/.default")
	application := post(t, s, form).token()
	subject := payload(t, application)["sub"].(string)
	native := newNativeApp(t, s)
	person := native.exchangeToken()
	worker := s.AddApp(entratest.App{FederatedCredentials: []entratest.FederatedCredential{
		{Issuer: s.Authority() + "/v2.0", Subject: subject}, {Issuer: s.Authority() + "/v2.0", Subject: payload(t, person)["sub"].(string)}}}).ClientID
	assert.Equal(t, 200, post(t, s, asserted(s, worker, application)).status)
	assert.Equal(t, 700229, post(t, s, asserted(s, worker, person)).code())
}

// exchangeToken is a person's token for federation.
func (app *nativeApp) exchangeToken() string {
	require.NoError(app.t, app.s.SignIn(app.authorizeURL("scope", "api://AzureADTokenExchange/access")))
	return post(app.t, app.s, url.Values{"grant_type": {"authorization_code"}, "client_id": {app.s.PublicClientID()},
		"code": {(<-app.answers).Get("code")}, "redirect_uri": {app.redirect}, "code_verifier": {app.verifier}}).token()
}

func TestIssuerIsServed(t *testing.T) {
	s := newServer(t)
	issuer := s.Issuer("v2.0") // no tenant of the name gets in the way
	config := get(t, s, issuer.URL()+"/.well-known/openid-configuration")
	assert.Equal(t, issuer.URL(), config.text("issuer"))
	keys := get(t, s, config.text("jwks_uri"))
	require.Equal(t, 200, keys.status)
	assert.Len(t, keys.json["keys"], 1)
	assert.NotEqual(t, get(t, s, s.Authority()+"/discovery/v2.0/keys").json["keys"].([]any)[0].(object)["kid"],
		keys.json["keys"].([]any)[0].(object)["kid"])
	assert.Equal(t, 404, get(t, s, issuer.URL()+"/else").status)
}

func TestGitHubIssuer(t *testing.T) {
	s := newServer(t)
	issuer := s.Issuer("actions")
	const subject = "repo:contoso/app:ref:refs/heads/main"
	where, requestToken := issuer.GitHub(subject)
	ask := func(token string) answer {
		return send(t, s.Client(), bearer(t, http.MethodGet, where+"&audience=api://AzureADTokenExchange", token, nil))
	}
	got := ask(requestToken)
	require.Equal(t, 200, got.status)
	s.AddFederatedCredential(s.ClientID(), entratest.FederatedCredential{Issuer: issuer.URL(), Subject: subject})
	assert.Equal(t, 200, post(t, s, asserted(s, s.ClientID(), got.text("value"))).status)
	assert.Equal(t, 401, ask("").status)
	assert.Equal(t, 401, ask(issuer.Token(subject)).status, "for another audience")
	_, others := s.Issuer("other").GitHub(subject)
	assert.Equal(t, 401, ask(others).status)
	plain := send(t, s.Client(), bearer(t, http.MethodGet, where, requestToken, nil))
	assert.Equal(t, []any{issuer.URL()}, payload(t, plain.text("value"))["aud"])
}

func TestUserCredential(t *testing.T) {
	s := newServer(t)
	issuer := s.Issuer("agents")
	s.AddFederatedCredential(s.ClientID(), entratest.FederatedCredential{Issuer: issuer.URL(), Subject: "ada's agent"})
	ada := s.Users()[0]
	ask := func(changes ...string) answer {
		form := with(url.Values{"grant_type": {"user_fic"}, "client_id": {s.ClientID()}, "client_secret": {s.ClientSecret()},
			"user_federated_identity_credential": {issuer.Token("ada's agent")}, "client_info": {"1"},
			"scope": {s.Scope() + " openid offline_access profile"}, "claims": {cp1}}, changes...)
		return post(t, s, form)
	}
	for _, who := range [][]string{{"user_id", ada.ObjectID}, {"username", ada.Username}} {
		got := ask(who...)
		require.Equal(t, 200, got.status)
		assert.Equal(t, ada.Username, payload(t, got.text("id_token"))["preferred_username"])
		assert.NotEmpty(t, got.text("refresh_token"))
		assert.Equal(t, 200, call(t, s, got.token(), "GET", "/me", "").status)
	}
	form := daemon(s, "")
	form.Set("scope", "api://AzureADTokenExchange/.default")
	own := post(t, s, form).token()
	assert.Equal(t, 200, ask("username", ada.Username, "user_federated_identity_credential", own).status, "the application's own")

	refused(t, ask(), "invalid_request", 900144)
	refused(t, ask("username", ada.Username, "user_id", ada.ObjectID), "invalid_request", 90023)
	refused(t, ask("username", ada.Username, "user_federated_identity_credential", ""), "invalid_request", 900144)
	refused(t, ask("user_id", ada.Username), "invalid_grant", 50034)
	refused(t, ask("username", "nobody"), "invalid_grant", 50034)
	for credential, code := range map[string]int{issuer.Token("another"): 700213, issuer.TokenFor(-time.Second, "ada's agent"): 700024,
		"x": 50027, post(t, s, daemon(s, "")).token(): 700212, s.Issuer("x").Token("ada's agent"): 700211} {
		assert.Equal(t, code, ask("username", ada.Username, "user_federated_identity_credential", credential).code())
	}
	s.Disable(ada.Username)
	refused(t, ask("username", ada.Username), "invalid_grant", 50057)
	assert.Equal(t, 7000218, ask("username", ada.Username, "client_id", s.PublicClientID(), "client_secret", "").code())
	assert.Equal(t, 15, s.Stats().UserCredentialRequests)
}

func TestPasswordGrant(t *testing.T) {
	s := newServer(t)
	s.RequireAuthContext("c1")
	ask := func(changes ...string) answer {
		return post(t, s, with(url.Values{"grant_type": {"password"}, "client_id": {s.PublicClientID()}, "username": {s.Username()},
			"password": {s.Password()}, "scope": {s.Scope() + " openid offline_access"}, "claims": {cp1}}, changes...))
	}
	got := ask()
	require.Equal(t, 200, got.status)
	assert.Equal(t, s.Username(), payload(t, got.token())["upn"])
	refused(t, ask("password", "wrong"), "invalid_grant", 50126)
	refused(t, ask("username", "nobody"), "invalid_grant", 50034)
	refused(t, ask("username", ""), "invalid_request", 900144)
	refused(t, ask("password", ""), "invalid_request", 900144)
	refused(t, ask("claims", `{"access_token":{"acrs":{"essential":true,"value":"c1"}}}`), "invalid_grant", 50076)
	s.Disable(s.Username())
	refused(t, ask(), "invalid_grant", 50057)
	assert.Equal(t, 7, s.Stats().PasswordRequests)
	for _, tenant := range []string{"common", "consumers"} {
		refused(t, postAt(t, s, tenant, url.Values{"grant_type": {"password"}, "client_id": {s.PublicClientID()}, "username": {s.Username()},
			"password": {s.Password()}, "scope": {s.Scope()}}), "invalid_request", 9001023)
	}
}
