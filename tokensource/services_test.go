package tokensource_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/entratest"
	"github.com/msalcae/msalcae/tokensource"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// services are the flows of programs that nobody sits before, each as a source
// that has a token already.
var services = map[string]func(testing.TB, entra) *tokensource.Source{
	"on behalf": func(_ testing.TB, e entra) *tokensource.Source {
		return e.confidential().OnBehalfOf(e.assertionByPassword(e.Username(), e.Password()), e.Scope())
	},
	"web user": func(t testing.TB, e entra) *tokensource.Source {
		a := newWebApp(t, e)
		return a.User(a.signIn(e.NewBrowser(e.Username())), e.Scope())
	},
	"certificate": func(t testing.TB, e entra) *tokensource.Source {
		own := e.ClientCertificate()
		cred, err := tokensource.CertificateFromPEM(pemOf(t, own.PrivateKey, own.Leaf))
		require.NoError(t, err)
		return e.as(e.ClientID(), cred).App(e.Scope())
	},
}

// Whatever the token endpoint does, every flow says it in one sentence, in our
// types, and without a secret.
func TestBadAnswersToServices(t *testing.T) {
	t.Parallel()
	for _, c := range badAnswers {
		for name, flow := range services {
			t.Run(name+"/"+c.name, func(t *testing.T) {
				t.Parallel()
				e := newEntra(t)
				secrets := newSpy(e.Client().Transport)
				secrets.learn("answer", "secret-in-a-page")
				secrets.learn("answer", "secret-in-a-body")
				e.transport = secrets
				source := flow(t, e)
				tok, err := source.Token(testContext(t), msalcae.TokenRequest{})
				require.NoError(t, err)
				e.FailToken(-1, c.fault)
				_, err = source.Token(testContext(t), msalcae.TokenRequest{Rejected: tok.Value, Claims: `{"access_token":{"nbf":{"essential":true,"value":"1"}}}`})
				require.ErrorContains(t, err, c.says)
				var answer *msalcae.Error
				require.ErrorAs(t, err, &answer)
				assert.Equal(t, c.status, answer.Status)
				assert.Equal(t, c.code, answer.Code)
				assert.Equal(t, c.interaction, errors.Is(err, msalcae.ErrInteractionRequired))
				assert.Equal(t, c.config, errors.Is(err, msalcae.ErrMisconfigured))
				assert.Equal(t, c.fault.Claims, answer.Claims)
				var redirect *tokensource.RedirectError
				assert.Equal(t, c.interaction && name == "web user", errors.As(err, &redirect))
				assertNoSecret(t, err, secrets.known())
				assert.Greater(t, len(secrets.known()), 3)
			})
		}
	}
}

// Entra throttles, is down for a while, and comes back: nobody loses a token
// that is good, nobody storms, and all is well afterwards.
func TestServicesInTrouble(t *testing.T) {
	for name, flow := range services {
		for trouble, fault := range map[string]entratest.Fault{
			"throttled": {Status: 429, Header: http.Header{"Retry-After": {"60"}}},
			"down":      {Status: 503, Header: http.Header{"Retry-After": {"60"}}},
		} {
			t.Run(name+"/"+trouble, func(t *testing.T) {
				e := newEntra(t)
				source := flow(t, e)
				tok, err := source.Token(testContext(t), msalcae.TokenRequest{})
				require.NoError(t, err)
				e.FailToken(-1, fault)
				before := e.Stats().TokenRequests
				again, err := source.Token(testContext(t), msalcae.TokenRequest{})
				require.NoError(t, err)
				assert.Equal(t, tok, again)
				challenge := msalcae.TokenRequest{Rejected: tok.Value, Claims: `{"access_token":{"nbf":{"essential":true,"value":"1"}}}`}
				for n := range 20 {
					_, err = source.Token(testContext(t), challenge)
					require.Error(t, err)
					assert.Equal(t, n > 0, errors.Is(err, msalcae.ErrPaused))
				}
				assert.LessOrEqual(t, e.Stats().TokenRequests-before, 2, "MSAL tries twice on behalf of users")
			})
		}
	}
}

// Production code, with its real addresses, in two clouds: nothing but
// User.Read says where tokens may go.
func TestServicesInClouds(t *testing.T) {
	e := newEntra(t)
	for authority, graph := range map[string]string{
		"https://login.microsoftonline.com/" + e.Tenant(): "graph.microsoft.com",
		"https://login.microsoftonline.us/" + e.Tenant():  "graph.microsoft.us",
	} {
		t.Run(graph, func(t *testing.T) {
			own := e.ClientCertificate()
			cred, err := tokensource.CertificateFromPEM(pemOf(t, own.PrivateKey, own.Leaf))
			require.NoError(t, err)
			c := e.as(e.ClientID(), cred, func(cfg *tokensource.ConfidentialConfig) { cfg.Authority = authority })
			a := newWebApp(t, e, func(cfg *tokensource.WebConfig) { cfg.Scopes = []string{"User.Read"} })
			web, err := c.WebApp(tokensource.WebConfig{RedirectURI: a.uri, Scopes: []string{"User.Read"}})
			require.NoError(t, err)
			a.WebApp = web
			ada := a.signIn(e.NewBrowser(e.Username()))
			for name, source := range map[string]*tokensource.Source{
				"app":       c.App("https://" + graph + "/.default"),
				"on behalf": c.OnBehalfOf(e.assertionByPassword(e.Username(), e.Password()), "User.Read"),
				"web user":  a.User(ada, "User.Read"),
			} {
				require.Equal(t, []string{graph}, source.Hosts(), name)
				api := e.api(source)
				get := func() int {
					resp, err := api.Get("https://" + graph + "/v1.0/users")
					require.NoError(t, err, name)
					resp.Body.Close()
					return resp.StatusCode
				}
				require.Equal(t, 200, get(), name)
				e.ChangePolicy("")
				require.Equal(t, 200, get(), name)
			}
		})
	}
}

// A cloud with two tenants, each of a server: the path says whose a token request
// is.
type twoTenants map[string]entra

func (c twoTenants) RoundTrip(req *http.Request) (*http.Response, error) {
	tenant, _, _ := strings.Cut(strings.TrimPrefix(req.URL.Path, "/"), "/")
	return c[tenant].Client().Transport.RoundTrip(req)
}

// One service for two tenants: each has tokens of its own, for the application
// and for people, and a revocation in one costs the other nothing.
func TestServicesOfTwoTenants(t *testing.T) {
	const other = "22222222-3333-4444-5555-666666666666"
	contoso := newEntra(t)
	s, err := entratest.Start(entratest.Config{Tenant: other})
	require.NoError(t, err)
	t.Cleanup(s.Close)
	fabrikam := entra{Server: s, t: t}
	tenants := []entra{contoso, fabrikam}

	own := contoso.ClientCertificate()
	fabrikam.ClientCertificate()
	cred, err := tokensource.CertificateFromPEM(pemOf(t, own.PrivateKey, own.Leaf))
	require.NoError(t, err)
	home, err := tokensource.NewConfidential(tokensource.ConfidentialConfig{
		Authority: "https://login.microsoftonline.com/" + contoso.Tenant(), ClientID: contoso.ClientID(), Credential: cred,
		HTTPClient: &http.Client{Transport: twoTenants{contoso.Tenant(): contoso, other: fabrikam}}, DisableInstanceDiscovery: true,
	})
	require.NoError(t, err)

	sources := map[string][]*tokensource.Source{}
	for _, e := range tenants {
		c := home.Tenant(e.Tenant())
		sources["app"] = append(sources["app"], c.App("https://graph.microsoft.com/.default"))
		sources["on behalf"] = append(sources["on behalf"], c.OnBehalfOf(e.assertionByPassword(e.Username(), e.Password()), "User.Read"))
		a := newWebApp(t, e)
		a.WebApp, err = c.WebApp(tokensource.WebConfig{RedirectURI: a.uri, Scopes: []string{"User.Read"}})
		require.NoError(t, err)
		sources["web user"] = append(sources["web user"], a.User(a.signIn(e.NewBrowser(e.Username())), "User.Read"))
	}
	status := func(e entra, source *tokensource.Source) int {
		resp, err := e.api(source).Get("https://graph.microsoft.com/v1.0/users")
		require.NoError(t, err)
		resp.Body.Close()
		return resp.StatusCode
	}
	for name, of := range sources {
		require.NotSame(t, of[0], of[1], name)
		for n, e := range tenants {
			require.Equal(t, 200, status(e, of[n]), name)
			require.Equal(t, 401, status(e, of[1-n]), "%s: the other tenant's token", name)
		}
		before := fabrikam.Stats()
		contoso.ChangePolicy("")
		require.Equal(t, 200, status(contoso, of[0]), name)
		require.Equal(t, 200, status(fabrikam, of[1]), name)
		assert.Zero(t, fabrikam.Stats().Sub(before).TokenRequests, name)
	}
	_, err = home.Tenant("contoso..test/x").OnBehalfOf("x", "User.Read").Token(testContext(t), msalcae.TokenRequest{})
	require.ErrorIs(t, err, msalcae.ErrMisconfigured)
}
