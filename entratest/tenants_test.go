package entratest_test

import (
	"net/url"
	"testing"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
	"github.com/msalcae/msalcae/entratest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// at signs a person in at an authority, and redeems the code at another.
func (app *nativeApp) at(user, authorize, redeem string) (answer, error) {
	app.t.Helper()
	where := app.s.AuthorityFor(authorize) + app.authorizeURL("prompt", "login")[len(app.s.Authority()):]
	if err := app.s.SignInAs(where, user); err != nil {
		return answer{}, err
	}
	form := url.Values{"grant_type": {"authorization_code"}, "client_id": {app.s.PublicClientID()}, "code": {(<-app.answers).Get("code")},
		"redirect_uri": {app.redirect}, "code_verifier": {app.verifier}, "client_info": {"1"}, "claims": {cp1}}
	return postAt(app.t, app.s, redeem, form), nil
}

func TestTenants(t *testing.T) {
	s := newServer(t)
	other := s.AddTenant(entratest.Tenant{Domain: "fabrikam.test"})
	eve := s.AddUser(entratest.User{Username: "eve@fabrikam.test", Password: "eve", Tenant: "fabrikam.test"})
	mia := s.AddUser(entratest.User{Username: "mia@outlook.test", Password: "mia", Tenant: "consumers"})
	app := newNativeApp(t, s)
	assert.Equal(t, other.ID, eve.Tenant)
	for _, c := range []struct{ user, authority, tenant string }{
		{s.Username(), "common", s.Tenant()},
		{s.Username(), "organizations", s.Tenant()},
		{s.Username(), "contoso.test", s.Tenant()},
		{s.Username(), "consumers", ""},
		{s.Username(), other.ID, ""},
		{eve.Username, "common", other.ID},
		{eve.Username, other.Domain, other.ID},
		{eve.Username, s.Tenant(), ""},
		{mia.Username, "common", mia.Tenant},
		{mia.Username, "consumers", mia.Tenant},
		{mia.Username, "organizations", ""},
	} {
		got, err := app.at(c.user, c.authority, c.authority)
		if c.tenant == "" {
			assert.ErrorContains(t, err, "AADSTS50020", c)
			continue
		}
		require.NoError(t, err, c)
		claims := payload(t, got.token())
		assert.Equal(t, c.tenant, claims["tid"], c)
		assert.Equal(t, s.AuthorityFor(c.tenant)+"/v2.0", claims["iss"], c)
		assert.Contains(t, string(decode(t, got.text("client_info"))), `"utid":"`+c.tenant+`"`)
		assert.Equal(t, 200, call(t, s, got.token(), "GET", "/me", "").status, c)
		s.Revoke(c.user)
		assert.Equal(t, 401, call(t, s, got.token(), "GET", "/me", "").status, c)
	}
	wrong, err := app.at(s.Username(), s.Tenant(), other.ID)
	require.NoError(t, err)
	refused(t, wrong, "invalid_grant", 700005)
	assert.Equal(t, s.AuthorityFor("{tenantid}")+"/v2.0", get(t, s, s.AuthorityFor("common")+"/v2.0/.well-known/openid-configuration").text("issuer"))
	assert.Equal(t, s.AuthorityFor(other.ID)+"/v2.0", get(t, s, s.AuthorityFor("fabrikam.test")+"/v2.0/.well-known/openid-configuration").text("issuer"))
	assert.Equal(t, s.AuthorityFor(mia.Tenant)+"/v2.0", get(t, s, s.AuthorityFor("consumers")+"/v2.0/.well-known/openid-configuration").text("issuer"))

	own := postAt(t, s, other.ID, daemon(s, cp1))
	assert.Equal(t, other.ID, payload(t, own.token())["tid"])
	assert.NotEqual(t, payload(t, post(t, s, daemon(s, cp1)).token())["oid"], payload(t, own.token())["oid"], "a service principal for each tenant")
	assert.Equal(t, 9001023, postAt(t, s, "consumers", daemon(s, cp1)).code())

	for _, bad := range []entratest.Tenant{{}, {Domain: "contoso.test"}, {Domain: "new.test", ID: other.ID}, {Domain: "common"}} {
		assert.Panics(t, func() { s.AddTenant(bad) }, bad)
	}
	assert.Panics(t, func() { s.AddUser(entratest.User{Username: "x@x.test", Tenant: "x.test"}) })
	s.Reset()
	assert.Equal(t, 90002, get(t, s, s.AuthorityFor(other.ID)+"/v2.0/.well-known/openid-configuration").code())
}

func TestGuests(t *testing.T) {
	s := newServer(t)
	other := s.AddTenant(entratest.Tenant{Domain: "fabrikam.test"})
	app := newNativeApp(t, s)
	home, err := app.at(s.Username(), "common", "common")
	require.NoError(t, err)
	refresh := url.Values{"grant_type": {"refresh_token"}, "client_id": {s.PublicClientID()}, "refresh_token": {home.text("refresh_token")},
		"client_info": {"1"}, "scope": {s.Scope() + " offline_access"}, "claims": {cp1}}
	refused(t, postAt(t, s, other.ID, refresh), "invalid_grant", 50020)
	s.AddGuest(s.Username(), other.Domain)
	guest := postAt(t, s, other.ID, refresh)
	require.Equal(t, 200, guest.status)
	claims := payload(t, guest.token())
	assert.Equal(t, other.ID, claims["tid"])
	assert.NotEqual(t, payload(t, home.token())["oid"], claims["oid"])
	assert.NotContains(t, claims, "xms_cc")
	assert.Equal(t, home.text("client_info"), guest.text("client_info"), "one home account")
	assert.Less(t, guest.json["expires_in"], 5401.0)
	assert.Equal(t, 200, call(t, s, guest.token(), "GET", "/me", "").status)
	s.Revoke(s.Username())
	assert.Equal(t, 200, call(t, s, guest.token(), "GET", "/me", "").status, "until it expires")
	refused(t, postAt(t, s, other.ID, refresh), "invalid_grant", 50173)
	assert.Panics(t, func() { s.AddGuest("nobody", other.ID) })
	assert.Panics(t, func() { s.AddGuest(s.Username(), "nowhere.test") })
}

// MSAL asks another tenant for a token of the same account.
func TestMSALGuest(t *testing.T) {
	s := newServer(t)
	other := s.AddTenant(entratest.Tenant{Domain: "fabrikam.test"})
	s.AddGuest(s.Username(), other.ID)
	client := newMSALPublic(t, s, s.Authority())
	got, err := client.AcquireTokenInteractive(t.Context(), []string{s.Scope()}, public.WithOpenURL(s.SignIn))
	require.NoError(t, err)
	there, err := client.AcquireTokenSilent(t.Context(), []string{s.Scope()}, public.WithSilentAccount(got.Account), public.WithTenantID(other.ID))
	require.NoError(t, err)
	assert.Equal(t, other.ID, payload(t, there.AccessToken)["tid"])
}
