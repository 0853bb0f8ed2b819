package entratest_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/msalcae/msalcae/entratest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What MSAL insists on in the answer for a person.
func TestUserTokenAnswer(t *testing.T) {
	s := newServer(t)
	app := newNativeApp(t, s)
	a := app.signIn(cp1)
	require.Equal(t, 200, a.status, "%s", a.body)
	assert.Equal(t, "Bearer", a.text("token_type"))
	assert.Equal(t, s.Scope()+" openid profile", a.text("scope"), "as asked, in the same spelling, without offline_access")
	assert.IsType(t, 0.0, a.json["expires_in"])
	assert.NotEmpty(t, a.text("refresh_token"))
	assert.Contains(t, a.header.Get("Cache-Control"), "no-store")
	assert.NotEmpty(t, a.header.Get("x-ms-request-id"))

	info, err := base64.RawURLEncoding.DecodeString(a.text("client_info"))
	require.NoError(t, err)
	user := s.Users()[0]
	assert.JSONEq(t, fmt.Sprintf(`{"uid":%q,"utid":%q}`, user.ObjectID, s.Tenant()), string(info))

	id := payload(t, a.text("id_token"))
	assert.Equal(t, s.PublicClientID(), id["aud"])
	assert.Equal(t, s.Authority()+"/v2.0", id["iss"])
	assert.Equal(t, s.Username(), id["preferred_username"])
	assert.Equal(t, user.ObjectID, id["oid"])
	assert.Equal(t, s.Tenant(), id["tid"])
	assert.NotContains(t, id, "nonce", "none was asked for")

	token := payload(t, a.token())
	assert.Equal(t, strings.TrimSuffix(s.Scope(), "/.default"), token["aud"])
	assert.Equal(t, "user", token["idtyp"])
	assert.Equal(t, s.PublicClientID(), token["appid"])
	assert.Equal(t, []any{"cp1"}, token["xms_cc"])
	assert.Equal(t, "1", token["xms_ssm"])
	assert.NotContains(t, token, "acrs")
	assert.NotEqual(t, token["sub"], id["sub"], "pairwise")
}

func TestNonceAndScopes(t *testing.T) {
	s := newServer(t)
	app := newNativeApp(t, s)
	require.NoError(t, s.SignIn(app.authorizeURL("nonce", "n-0S6", "scope", "User.Read mail.send openid", "client_info", "1")))
	back := <-app.answers
	assert.NotEmpty(t, back.Get("client_info"))
	a := post(t, s, url.Values{"grant_type": {"authorization_code"}, "client_id": {s.PublicClientID()},
		"code": {back.Get("code")}, "redirect_uri": {app.redirect}, "code_verifier": {app.verifier}})
	require.Equal(t, 200, a.status, "%s", a.body)
	assert.Equal(t, "User.Read mail.send openid", a.text("scope"))
	assert.Equal(t, "User.Read mail.send openid", payload(t, a.token())["scp"])
	assert.Equal(t, "n-0S6", payload(t, a.text("id_token"))["nonce"])
	assert.NotContains(t, a.json, "refresh_token", "offline_access was not asked for")
	assert.NotContains(t, a.json, "client_info")
	assert.Equal(t, 200, call(t, s, a.token(), "GET", "/me", "").status, "scopes without a resource are Graph's")
}

func TestClientCredentialsAnswer(t *testing.T) {
	s := newServer(t)
	a := post(t, s, daemon(s, `{"access_token":{"xms_cc":{"values":["CP1","cp9"]}}}`))
	require.Equal(t, 200, a.status)
	var names []string
	for name := range a.json {
		names = append(names, name)
	}
	assert.ElementsMatch(t, []string{"token_type", "expires_in", "ext_expires_in", "access_token"}, names)
	token := payload(t, a.token())
	assert.Equal(t, []any{"CP1"}, token["xms_cc"], "spelled as asked; unknown capabilities are not issued")
	assert.Equal(t, "app", token["idtyp"])
	assert.NotEqual(t, s.ClientID(), token["oid"])
	assert.NotContains(t, token, "scp")
	assert.NotContains(t, payload(t, post(t, s, daemon(s, "")).token()), "xms_cc")
}

func TestLifetimes(t *testing.T) {
	s := newServer(t)
	lifetime := func(claims string) time.Duration {
		a := post(t, s, daemon(s, claims))
		token := payload(t, a.token())
		seconds := a.json["expires_in"].(float64)
		assert.Equal(t, seconds, token["exp"].(float64)-token["iat"].(float64))
		return time.Duration(seconds) * time.Second
	}
	var first []time.Duration
	for range 5 {
		long, short := lifetime(cp1), lifetime("")
		assert.GreaterOrEqual(t, long, 20*time.Hour)
		assert.Less(t, long, 28*time.Hour)
		assert.GreaterOrEqual(t, short, time.Hour)
		assert.Less(t, short, 90*time.Minute)
		first = append(first, long, short)
	}
	s.SetSeed(1)
	for i := 0; i < len(first); i += 2 {
		assert.Equal(t, first[i], lifetime(cp1), "the same seed, the same lifetimes")
		assert.Equal(t, first[i+1], lifetime(""))
	}
	s.SetTokenLifetime(10 * time.Minute)
	assert.Equal(t, 10*time.Minute, lifetime(cp1))
	s.SetTokenLifetime(0)
	assert.Greater(t, lifetime(cp1), 19*time.Hour)
}

// What an API demanded must satisfy it, or client and API would go on for ever.
func TestNotBeforeIsMet(t *testing.T) {
	s := newServer(t)
	issued := func(nbf string) int64 {
		a := post(t, s, daemon(s, `{"access_token":{"nbf":{"essential":true,"value":`+nbf+`}}}`))
		require.Equal(t, 200, a.status, "%s", a.body)
		token := payload(t, a.token())
		assert.Equal(t, token["iat"], token["nbf"])
		return int64(token["nbf"].(float64))
	}
	now := time.Now().Unix()
	soon := now + 60
	assert.Equal(t, soon, issued(fmt.Sprintf(`"%d"`, soon)))
	assert.Equal(t, soon, issued(fmt.Sprint(soon)), "a number will do")
	assert.GreaterOrEqual(t, issued(`"1700000000"`), now)
	assert.Less(t, issued(`"99999999999"`), now+3600, "but not any time in the future")
	assert.GreaterOrEqual(t, issued(`"yesterday"`), now)
}

func TestTokenErrors(t *testing.T) {
	s := newServer(t)
	public := func(changes ...string) url.Values {
		return with(url.Values{"client_id": {s.PublicClientID()}, "grant_type": {"refresh_token"}, "refresh_token": {"x"}}, changes...)
	}
	for _, c := range []struct {
		form   url.Values
		status int
		err    string
		aadsts int
	}{
		{with(daemon(s, ""), "grant_type", ""), 400, "invalid_request", 900144},
		{with(daemon(s, ""), "grant_type", "magic"), 400, "unsupported_grant_type", 70003},
		{with(daemon(s, ""), "client_id", ""), 400, "invalid_request", 900144},
		{with(daemon(s, ""), "client_id", "unknown"), 400, "unauthorized_client", 700016},
		{with(daemon(s, ""), "client_secret", ""), 401, "invalid_client", 7000218},
		{with(daemon(s, ""), "client_secret", "wrong"), 401, "invalid_client", 7000215},
		{with(daemon(s, ""), "client_assertion", "x.y.z"), 400, "invalid_request", 900144},
		{with(daemon(s, ""), "client_assertion", "x.y.z", "client_assertion_type", "saml"), 400, "invalid_request", 90100},
		{with(daemon(s, ""), "scope", ""), 400, "invalid_request", 900144},
		{with(daemon(s, ""), "scope", "openid"), 400, "invalid_scope", 70011},
		{with(daemon(s, ""), "scope", "User.Read"), 400, "invalid_scope", 70011},
		{with(daemon(s, ""), "scope", "https://fabrikam.test/.default"), 400, "invalid_resource", 500011},
		{daemon(s, "null"), 400, "invalid_request", 90100},
		{daemon(s, "[]"), 400, "invalid_request", 90100},
		{public("client_secret", "x"), 401, "invalid_client", 700025},
		{public("grant_type", "client_credentials", "scope", s.Scope()), 401, "invalid_client", 7000218},
		{public("refresh_token", ""), 400, "invalid_request", 900144},
		{public(), 400, "invalid_grant", 70000},
		{public("grant_type", "authorization_code"), 400, "invalid_request", 900144},
		{public("grant_type", "authorization_code", "code", "x"), 400, "invalid_grant", 70000},
	} {
		a := post(t, s, c.form)
		assert.Equal(t, c.status, a.status, c.form)
		assert.Equal(t, c.err, a.text("error"), c.form)
		assert.Equal(t, c.aadsts, a.code(), c.form)
		assert.NotContains(t, string(a.body), s.ClientSecret())
	}
	a := get(t, s, s.Authority()+"/oauth2/v2.0/token")
	assert.Equal(t, 900561, a.code())
	unknown, err := s.Client().PostForm(strings.Replace(s.Authority(), s.Tenant(), "fabrikam.test", 1)+"/oauth2/v2.0/token", daemon(s, ""))
	require.NoError(t, err)
	unknown.Body.Close()
	assert.Equal(t, 400, unknown.StatusCode)
	large := post(t, s, with(daemon(s, ""), "padding", strings.Repeat("x", 300<<10)))
	assert.Equal(t, 400, large.status)
	assert.Equal(t, "invalid_request", large.text("error"))
}

func TestErrorShape(t *testing.T) {
	s := newServer(t)
	id := "12345678-1234-4234-8234-123456789abc"
	form := daemon(s, "")
	form.Set("client_secret", "wrong")
	req, err := http.NewRequest(http.MethodPost, s.Authority()+"/oauth2/v2.0/token", strings.NewReader(form.Encode()))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	req.Header.Set("client-request-id", id)
	req.Header.Set("return-client-request-id", "true")
	a := send(t, s.Client(), req)
	assert.Equal(t, id, a.header.Get("client-request-id"))
	assert.Equal(t, id, a.text("correlation_id"))
	assert.Equal(t, a.header.Get("x-ms-request-id"), a.text("trace_id"))
	assert.Equal(t, strings.TrimSuffix(s.Authority(), s.Tenant())+"error?code=7000215", a.text("error_uri"))
	stamp, err := time.Parse("2006-01-02 15:04:05Z", a.text("timestamp"))
	require.NoError(t, err)
	assert.WithinDuration(t, time.Now(), stamp, time.Minute)
	assert.Regexp(t, `^AADSTS7000215: Invalid client secret provided\..*\r\nTrace ID: `+a.text("trace_id")+
		`\r\nCorrelation ID: `+id+`\r\nTimestamp: `+a.text("timestamp")+`$`, a.text("error_description"))
	assert.NotContains(t, a.json, "suberror")
	assert.NotContains(t, a.json, "claims")
}

func TestBasicAuthentication(t *testing.T) {
	s := newServer(t)
	odd := s.AddApp(entratest.App{Secret: "a b+c%:/?"})
	form := url.Values{"grant_type": {"client_credentials"}, "scope": {s.Scope()}}
	ask := func(id, secret string) int {
		req, err := http.NewRequest(http.MethodPost, s.Authority()+"/oauth2/v2.0/token", strings.NewReader(form.Encode()))
		require.NoError(t, err)
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.SetBasicAuth(url.QueryEscape(id), url.QueryEscape(secret))
		return send(t, s.Client(), req).status
	}
	assert.Equal(t, 200, ask(s.ClientID(), s.ClientSecret()))
	assert.Equal(t, 200, ask(odd.ClientID, odd.Secret))
	assert.Equal(t, 401, ask(odd.ClientID, "wrong"))
	form.Set("client_id", s.ClientID())
	assert.Equal(t, 401, ask(odd.ClientID, odd.Secret), "two clients at once")
}

// A confidential client learns the policy's id, and can satisfy it with that.
