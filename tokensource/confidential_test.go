package tokensource_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/entratest"
	"github.com/msalcae/msalcae/tokensource"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestConfidentialConfig(t *testing.T) {
	cred, err := confidential.NewCredFromSecret("the-client-secret")
	require.NoError(t, err)
	good := func() tokensource.ConfidentialConfig {
		return tokensource.ConfidentialConfig{Authority: "https://login.microsoftonline.com/contoso.test", ClientID: "id", Credential: cred}
	}
	_, err = tokensource.NewConfidential(good())
	require.NoError(t, err)
	for says, spoil := range map[string]func(*tokensource.ConfidentialConfig){
		"Authority is empty":             func(c *tokensource.ConfidentialConfig) { c.Authority = "" },
		"begin with https://":            func(c *tokensource.ConfidentialConfig) { c.Authority = "http://login.microsoftonline.com/t" },
		"names no tenant":                func(c *tokensource.ConfidentialConfig) { c.Authority = "https://login.microsoftonline.com/" },
		"ClientID is empty":              func(c *tokensource.ConfidentialConfig) { c.ClientID = "" },
		"ClientID is empty or has space": func(c *tokensource.ConfidentialConfig) { c.ClientID = " id" },
		"Credential is not usable":       func(c *tokensource.ConfidentialConfig) { c.Credential = confidential.Credential{} },
		"Capabilities holds":             func(c *tokensource.ConfidentialConfig) { c.Capabilities = []string{`a"b`} },
		"short name of a region":         func(c *tokensource.ConfidentialConfig) { c.Region = "West Europe" },
		"Region is for Microsoft's own": func(c *tokensource.ConfidentialConfig) {
			c.Authority, c.Region = "https://login.contoso.test/t", "westeurope"
		},
		"client of msalcae's own": func(c *tokensource.ConfidentialConfig) {
			c.HTTPClient = (&msalcae.Transport{}).Client()
		},
	} {
		cfg := good()
		spoil(&cfg)
		_, err := tokensource.NewConfidential(cfg)
		require.ErrorIs(t, err, msalcae.ErrMisconfigured, says)
		assert.ErrorContains(t, err, says)
		assertNoSecret(t, err, map[string]string{"the-client-secret": "secret"})
	}
	for _, region := range []string{"westeurope", confidential.AutoDetectRegion()} {
		cfg := good()
		cfg.Region = region
		_, err := tokensource.NewConfidential(cfg)
		assert.NoError(t, err)
	}
}

func TestPublicConfig(t *testing.T) {
	good := func() tokensource.PublicConfig {
		return tokensource.PublicConfig{Authority: "https://login.microsoftonline.com/common", ClientID: "id", Prompt: &tokensource.Browser{}}
	}
	_, err := tokensource.NewPublic(good())
	require.NoError(t, err)
	for says, spoil := range map[string]func(*tokensource.PublicConfig){
		"PublicConfig.Authority is empty": func(c *tokensource.PublicConfig) { c.Authority = "" },
		"PublicConfig.ClientID is empty":  func(c *tokensource.PublicConfig) { c.ClientID = "" },
		"PublicConfig.Capabilities":       func(c *tokensource.PublicConfig) { c.Capabilities = []string{""} },
		"RedirectURI":                     func(c *tokensource.PublicConfig) { c.RedirectURI = "https://contoso.test" },
		"PublicConfig.HTTPClient":         func(c *tokensource.PublicConfig) { c.HTTPClient = (&msalcae.Transport{}).Client() },
	} {
		cfg := good()
		spoil(&cfg)
		_, err := tokensource.NewPublic(cfg)
		require.ErrorIs(t, err, msalcae.ErrMisconfigured, says)
		assert.ErrorContains(t, err, says)
	}
	own := good()
	own.Prompt, own.RedirectURI = ownPrompt(nil), "msalcontoso://auth" // for a broker, say
	_, err = tokensource.NewPublic(own)
	assert.NoError(t, err)
}

// What we send carries cp1, and the caller's capabilities beside it.
func TestCapabilitiesAreSent(t *testing.T) {
	e := newEntra(t)
	cred, err := confidential.NewCredFromSecret(e.ClientSecret())
	require.NoError(t, err)
	c, err := tokensource.NewConfidential(tokensource.ConfidentialConfig{
		Authority: e.Authority(), ClientID: e.ClientID(), Credential: cred, HTTPClient: e.Client(), Capabilities: []string{"CP1", "other"},
	})
	require.NoError(t, err)
	_, err = c.App(e.Scope()).Token(testContext(t), msalcae.TokenRequest{})
	require.NoError(t, err)
	requests := e.Requests(entratest.TokenEndpoint)
	assert.JSONEq(t, `{"access_token":{"xms_cc":{"values":["cp1","other"]}}}`, requests[0].Claims)
}

func TestDaemonHeals(t *testing.T) {
	e := newEntra(t)
	for name, c := range map[string]*tokensource.Confidential{
		"built": e.confidential(), "wrapped": tokensource.WrapConfidential(e.rawConfidential()), "tenant": e.confidential().Tenant("contoso.test"),
	} {
		t.Run(name, func(t *testing.T) {
			api := e.api(c.App(e.Scope()))
			require.Equal(t, 200, e.get(api, "/users"))
			before := e.Stats()
			e.Revoke(e.ClientID())
			require.Equal(t, 200, e.get(api, "/users"))
			require.Equal(t, 200, e.get(api, "/users"))
			d := e.Stats().Sub(before)
			assert.Equal(t, 1, d.Challenges)
			assert.Equal(t, 1, d.TokenRequests)
			assert.Equal(t, 3, d.APICalls)
		})
	}
}

// Tenant sends to the tenant's own endpoint.
func TestTenant(t *testing.T) {
	e := newEntra(t)
	c := e.confidential().Tenant("contoso.test")
	_, err := c.App(e.Scope()).Token(testContext(t), msalcae.TokenRequest{})
	require.NoError(t, err)
	last := e.Requests(entratest.TokenEndpoint)
	assert.Equal(t, "/contoso.test/oauth2/v2.0/token", last[len(last)-1].Path)

	_, err = c.Tenant("fabrikam.test").App(e.Scope()).Token(testContext(t), msalcae.TokenRequest{})
	var answer *msalcae.Error
	require.ErrorAs(t, err, &answer)
	require.ErrorIs(t, err, msalcae.ErrMisconfigured, "nobody knows that tenant")
	assert.Equal(t, []int{90002}, answer.AADSTS)

	_, err = e.confidential().Tenant("common").App(e.Scope()).Token(testContext(t), msalcae.TokenRequest{})
	require.ErrorIs(t, err, msalcae.ErrMisconfigured)
}

// A wrapped client without cp1 would never be challenged: that is said, once it
// is seen. A check that fails says nothing.
func TestWrappedWithoutCapability(t *testing.T) {
	e := newEntra(t)
	cred, err := confidential.NewCredFromSecret(e.ClientSecret())
	require.NoError(t, err)
	without, err := confidential.New(e.Authority(), e.ClientID(), cred, confidential.WithHTTPClient(e.Client()), confidential.WithInstanceDiscovery(false))
	require.NoError(t, err)
	for range 2 {
		_, err = tokensource.WrapConfidential(without).App(e.Scope()).Token(testContext(t), msalcae.TokenRequest{})
		require.ErrorIs(t, err, msalcae.ErrMisconfigured)
		assert.ErrorContains(t, err, "cp1")
	}

	user, err := public.New(e.PublicClientID(), public.WithAuthority(e.Authority()), public.WithHTTPClient(e.Client()), public.WithInstanceDiscovery(false))
	require.NoError(t, err)
	p := tokensource.WrapPublic(user, e.browser())
	_, err = p.Account(public.Account{}, e.Scope()).Token(testContext(t), msalcae.TokenRequest{})
	require.ErrorIs(t, err, msalcae.ErrMisconfigured)
	assert.ErrorContains(t, err, "cp1")
	assert.Zero(t, e.Stats().AuthorizeRequests, "before a person is bothered")

	e.Fail(entratest.DiscoveryEndpoint, -1, entratest.Fault{Status: 500})
	provider := confidential.NewCredFromTokenProvider(func(context.Context, confidential.TokenProviderParameters) (confidential.TokenProviderResult, error) {
		return confidential.TokenProviderResult{AccessToken: "provided", ExpiresInSeconds: 3600}, nil
	})
	offline, err := confidential.New(e.Authority(), e.ClientID(), provider, confidential.WithHTTPClient(e.Client()))
	require.NoError(t, err)
	tok, err := tokensource.WrapConfidential(offline).App(e.Scope()).Token(testContext(t), msalcae.TokenRequest{})
	require.NoError(t, err)
	assert.Equal(t, "provided", tok.Value)
}

// A client that was not built at all.
func TestWrappedZeroClient(t *testing.T) {
	_, err := tokensource.WrapConfidential(confidential.Client{}).App("x").Token(testContext(t), msalcae.TokenRequest{})
	require.ErrorContains(t, err, "panicked")
	p := tokensource.WrapPublic(public.Client{}, &tokensource.Browser{})
	_, err = p.Account(public.Account{}, "x").Token(testContext(t), msalcae.TokenRequest{})
	require.ErrorContains(t, err, "panicked")
	_, err = p.SignIn(testContext(t), "x")
	require.ErrorContains(t, err, "panicked")
	_, err = p.Accounts(testContext(t))
	require.ErrorContains(t, err, "panicked")
	require.Error(t, p.SignOut(testContext(t), public.Account{HomeAccountID: "x"}))
}

// The environment may force a region on MSAL; a custom authority has none.
func TestForcedRegion(t *testing.T) {
	t.Setenv("MSAL_FORCE_REGION", "westeurope")
	e := newEntra(t)
	_, err := e.rawConfidential().AcquireTokenByCredential(testContext(t), []string{e.Scope()})
	require.Error(t, err, "MSAL does not show the defect any more")
	_, err = e.confidential().App(e.Scope()).Token(testContext(t), msalcae.TokenRequest{})
	require.NoError(t, err)
}

// Microsoft's own hosts: instance discovery is on, or off if the caller says so.
func TestKnownAuthority(t *testing.T) {
	e := newEntra(t)
	cred, err := confidential.NewCredFromSecret(e.ClientSecret())
	require.NoError(t, err)
	for _, off := range []bool{false, true} {
		before := len(e.Requests(entratest.DiscoveryEndpoint))
		c, err := tokensource.NewConfidential(tokensource.ConfidentialConfig{
			Authority: "https://login.microsoftonline.com/" + e.Tenant(), ClientID: e.ClientID(), Credential: cred, HTTPClient: e.Client(), DisableInstanceDiscovery: off,
		})
		require.NoError(t, err)
		source := c.App("https://graph.microsoft.com/.default")
		assert.Equal(t, []string{"graph.microsoft.com"}, source.Hosts())
		api := e.api(source)
		resp, err := api.Get("https://graph.microsoft.com/v1.0/users")
		require.NoError(t, err)
		resp.Body.Close()
		assert.Equal(t, 200, resp.StatusCode)
		asked := 0
		for _, r := range e.Requests(entratest.DiscoveryEndpoint)[before:] {
			if strings.HasSuffix(r.Path, "/discovery/instance") {
				asked++
			}
		}
		assert.Equal(t, !off, asked > 0)
	}
}

// Two resources behind two Transports on one MSAL client.
func TestTwoResources(t *testing.T) {
	e := newEntra(t)
	const resource = "api://orders"
	orders := httptest.NewTLSServer(e.Protect(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), resource))
	defer orders.Close()
	c := e.confidential()
	graph := e.api(c.App(e.Scope()))
	other := (&msalcae.Transport{Source: c.App(resource + "/.default"), Hosts: []string{strings.TrimPrefix(orders.URL, "https://")}, Base: orders.Client().Transport}).Client()
	both := func() {
		t.Helper()
		require.Equal(t, 200, e.get(graph, "/users"))
		resp, err := other.Get(orders.URL)
		require.NoError(t, err)
		resp.Body.Close()
		require.Equal(t, 200, resp.StatusCode)
	}
	both()
	e.Revoke(e.ClientID())
	both()
	assert.Equal(t, 2, e.Stats().Challenges)
	assert.Equal(t, 4, e.Stats().TokenRequests)
}
