package entratest_test

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/managedidentity"
	"github.com/msalcae/msalcae/entratest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A platform is one way to managed identities.
type platform struct {
	url    string
	header http.Header
	query  url.Values
}

func imds(s *entratest.Server) platform {
	return platform{s.IMDS() + "/metadata/identity/oauth2/token", http.Header{"Metadata": {"true"}},
		url.Values{"api-version": {"2018-02-01"}, "resource": {"https://graph.microsoft.com"}}}
}

func appService(s *entratest.Server) platform {
	where, header := s.AppService()
	return platform{where, http.Header{"X-Identity-Header": {header}},
		url.Values{"api-version": {"2019-08-01"}, "resource": {"https://graph.microsoft.com"}}}
}

// ask sends a request with changes as authorizeURL has them.
func (p platform) ask(t testing.TB, changes ...string) answer {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, p.url+"?"+with(p.query, changes...).Encode(), nil)
	require.NoError(t, err)
	req.Header = p.header
	return send(t, http.DefaultClient, req)
}

func TestManagedIdentity(t *testing.T) {
	s := newServer(t)
	user := s.AddManagedIdentity(entratest.ManagedIdentity{ResourceID: "/subscriptions/1/id"})
	for name, p := range map[string]func(*entratest.Server) platform{"IMDS": imds, "App Service": appService} {
		got := p(s).ask(t)
		require.Equal(t, 200, got.status, name)
		assert.Equal(t, "Bearer", got.text("token_type"))
		assert.Equal(t, "https://graph.microsoft.com", got.text("resource"))
		at, err := strconv.ParseInt(got.text("expires_on"), 10, 64)
		require.NoError(t, err, "text, not a number")
		assert.InDelta(t, time.Now().Add(24*time.Hour).Unix(), at, 60)
		claims := payload(t, got.token())
		assert.Equal(t, s.ManagedIdentity().ObjectID, claims["oid"])
		assert.NotContains(t, claims, "xms_cc")
		assert.Equal(t, 200, call(t, s, got.token(), "GET", "/users", "").status, name)
		assert.Equal(t, got.token(), p(s).ask(t).token(), "the platform repeats itself")

		resource := "mi_res_id"
		for _, who := range [][2]string{{"client_id", user.ClientID}, {"object_id", user.ObjectID}, {resource, "/SUBSCRIPTIONS/1/id"}} {
			assert.Equal(t, user.ClientID, payload(t, p(s).ask(t, who[0], who[1]).token())["appid"], who)
		}
	}
	require.Equal(t, "", imds(s).ask(t).text("refresh_token"))
	n, err := strconv.Atoi(imds(s).ask(t).text("expires_in"))
	require.NoError(t, err)
	assert.InDelta(t, 86400, n, 60)
	assert.Equal(t, 12, s.Stats().IdentityRequests)
	assert.Zero(t, s.Stats().TokenRequests)
	assert.Equal(t, s.ManagedIdentity().ClientID, s.Requests(entratest.IdentityEndpoint)[0].Client)
	assert.PanicsWithValue(t, `entratest: AddManagedIdentity: the client id "`+user.ClientID+`" is taken`, func() { s.AddManagedIdentity(user) })
}

func TestManagedIdentityErrors(t *testing.T) {
	s := newServer(t)
	for _, c := range []struct {
		header string
		change [2]string
		code   string
	}{
		{"", [2]string{}, "bad_request_102"},
		{"true", [2]string{"api-version", ""}, "invalid_request"},
		{"True", [2]string{"resource", ""}, "invalid_request"},
		{"true", [2]string{"resource", "https://fabrikam.test"}, "invalid_resource"},
		{"true", [2]string{"client_id", "unknown"}, "invalid_request"},
		{"true", [2]string{"client_id", s.ClientID()}, "invalid_request"},
	} {
		p := imds(s)
		p.header.Set("Metadata", c.header)
		var got answer
		if c.change[0] == "" {
			got = p.ask(t)
		} else {
			got = p.ask(t, c.change[0], c.change[1])
		}
		assert.Equal(t, 400, got.status, c)
		assert.Equal(t, c.code, got.text("error"), c)
		assert.NotEmpty(t, got.text("error_description"), c)
	}
	assert.Equal(t, "invalid_request", imds(s).ask(t, "client_id", "a", "object_id", "b").text("error"))

	p := appService(s)
	p.header.Set("X-IDENTITY-HEADER", "guessed")
	assert.Equal(t, 401, p.ask(t).status)
	assert.Equal(t, 400.0, appService(s).ask(t, "api-version", "2017-09-01").json["statusCode"])
	assert.Contains(t, appService(s).ask(t, "resource", "https://fabrikam.test").text("message"), "AADSTS500011")
	resp, err := http.Post(s.IMDS()+"/metadata/identity/oauth2/token", "", nil)
	require.NoError(t, err)
	resp.Body.Close()
	assert.Equal(t, 405, resp.StatusCode)

	id := s.ManagedIdentity().ClientID
	assert.Equal(t, 7000218, post(t, s, with(daemon(s, cp1), "client_id", id, "client_secret", "")).code(), "no application")
	s.Disable(id)
	refused := imds(s).ask(t)
	assert.Equal(t, "unauthorized_client", refused.text("error"))
	assert.Contains(t, refused.text("error_description"), "AADSTS7000112")
	s.Fail(entratest.IdentityEndpoint, 1, entratest.Fault{Status: 410})
	assert.Equal(t, 410, imds(s).ask(t).status)
}

// What becomes of a revoked identity depends on the platform's cache.
func TestManagedIdentityRevocation(t *testing.T) {
	s := newServer(t)
	id := s.ManagedIdentity().ClientID
	hash := func(token string) string {
		sum := sha256.Sum256([]byte(token))
		return hex.EncodeToString(sum[:])
	}
	ordinary := imds(s).ask(t).token()
	s.Revoke(id)
	assert.Equal(t, 200, call(t, s, ordinary, "GET", "/users", "").status, "no part in Continuous Access Evaluation")

	s.Reset()
	s.SetManagedIdentities(entratest.ManagedIdentities{CAE: true})
	first := imds(s).ask(t).token()
	s.Revoke(id)
	assert.Equal(t, 401, call(t, s, first, "GET", "/users", "").status)
	assert.Equal(t, first, imds(s).ask(t, "token_sha256_to_refresh", hash(first)).token(), "the platform knows of nothing")

	s.SetManagedIdentities(entratest.ManagedIdentities{CAE: true, NoCache: true})
	assert.Equal(t, 200, call(t, s, imds(s).ask(t).token(), "GET", "/users", "").status)

	s.Reset()
	s.SetManagedIdentities(entratest.ManagedIdentities{Revocation: true})
	first = appService(s).ask(t, "xms_cc", "cp1,cp2").token()
	assert.Equal(t, []any{"cp1"}, payload(t, first)["xms_cc"])
	s.Revoke(id)
	assert.Equal(t, 401, call(t, s, first, "GET", "/users", "").status)
	assert.Equal(t, first, appService(s).ask(t, "xms_cc", "cp1").token())
	assert.Equal(t, first, appService(s).ask(t, "xms_cc", "cp1", "token_sha256_to_refresh", hash("another")).token())
	second := appService(s).ask(t, "xms_cc", "cp1", "token_sha256_to_refresh", hash(first)).token()
	assert.NotEqual(t, first, second)
	assert.Equal(t, 200, call(t, s, second, "GET", "/users", "").status)
	assert.Equal(t, second, appService(s).ask(t, "xms_cc", "cp1", "token_sha256_to_refresh", hash(first)).token(), "others of the same news share it")
}

// MSAL Go finds both platforms as it finds Azure's. Its cache is one for the
// whole process, so claims are given to pass it.
func TestMSALManagedIdentity(t *testing.T) {
	s := newServer(t)
	user := s.AddManagedIdentity(entratest.ManagedIdentity{})
	ask := func(id managedidentity.ID) string {
		t.Helper()
		client, err := managedidentity.New(id, managedidentity.WithHTTPClient(s.Client()))
		require.NoError(t, err)
		got, err := client.AcquireToken(t.Context(), s.Scope(), managedidentity.WithClaims(nbfClaims))
		require.NoError(t, err)
		assert.Equal(t, 200, call(t, s, got.AccessToken, "GET", "/users", "").status)
		return got.AccessToken
	}
	first := ask(managedidentity.SystemAssigned())
	assert.Equal(t, first, ask(managedidentity.SystemAssigned()), "its claims reach no platform")
	assert.Equal(t, "GET", s.Requests(entratest.IdentityEndpoint)[0].Method)
	where, header := s.AppService()
	t.Setenv("IDENTITY_ENDPOINT", where)
	t.Setenv("IDENTITY_HEADER", header)
	assert.Equal(t, first, ask(managedidentity.SystemAssigned()), "one platform")
	assert.Equal(t, user.ClientID, payload(t, ask(managedidentity.UserAssignedClientID(user.ClientID)))["appid"])
	assert.Equal(t, user.ClientID, payload(t, ask(managedidentity.UserAssignedObjectID(user.ObjectID)))["appid"])
	log := s.Requests(entratest.IdentityEndpoint)
	assert.Equal(t, "/msi/token", log[len(log)-1].Path)
}

func TestManagedIdentityInMemory(t *testing.T) {
	s := entratest.NewMemoryServer()
	t.Cleanup(s.Close)
	for _, where := range []string{s.IMDS(), "http://169.254.169.254"} {
		req, err := http.NewRequest(http.MethodGet, where+"/metadata/identity/oauth2/token?api-version=2018-02-01&resource="+
			url.QueryEscape("https://graph.microsoft.com"), nil)
		require.NoError(t, err)
		req.Header.Set("Metadata", "true")
		assert.Equal(t, 200, send(t, s.Client(), req).status, where)
	}
}
