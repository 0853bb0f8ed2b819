package tokensource_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/entratest"
	"github.com/msalcae/msalcae/tokensource"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Production code, with its real addresses, in three clouds and at authorities
// of one tenant and of any: nothing but User.Read says where tokens may go.
func TestCloudsAndTenants(t *testing.T) {
	e := newEntra(t)
	for authority, graph := range map[string]string{
		"https://login.microsoftonline.com/common":               "graph.microsoft.com",
		"https://login.microsoftonline.com/organizations":        "graph.microsoft.com",
		"https://login.microsoftonline.com/contoso.test":         "graph.microsoft.com",
		"https://login.microsoftonline.us/" + e.Tenant():         "graph.microsoft.us",
		"https://login.partner.microsoftonline.cn/" + e.Tenant(): "microsoftgraph.chinacloudapi.cn",
	} {
		t.Run(strings.TrimPrefix(authority, "https://"), func(t *testing.T) {
			p, err := tokensource.NewPublic(tokensource.PublicConfig{Authority: authority, ClientID: e.PublicClientID(), HTTPClient: e.Client(), Prompt: e.browser()})
			require.NoError(t, err)
			ada, err := p.SignIn(testContext(t), "User.Read")
			require.NoError(t, err)
			for _, who := range []public.Account{ada, {}} {
				source := p.Account(who, "User.Read")
				require.Equal(t, []string{graph}, source.Hosts())
				api := e.api(source)
				get := func() int {
					resp, err := api.Get("https://" + graph + "/v1.0/me")
					require.NoError(t, err)
					resp.Body.Close()
					return resp.StatusCode
				}
				require.Equal(t, 200, get())
				before := e.Stats()
				e.ChangePolicy(e.Username())
				require.Equal(t, 200, get())
				e.Revoke(e.Username())
				require.Equal(t, 200, get())
				d := e.Stats().Sub(before)
				assert.Equal(t, 2, d.Challenges)
				assert.Equal(t, 1, d.AuthorizeRequests)
			}
		})
	}
}

// An account of a certain tenant, such as a guest's, has tokens of that tenant,
// from the refresh token of its home.
func TestGuest(t *testing.T) {
	e := newEntra(t)
	p, err := tokensource.NewPublic(tokensource.PublicConfig{Authority: "https://login.microsoftonline.com/common", ClientID: e.PublicClientID(), HTTPClient: e.Client(), Prompt: e.browser()})
	require.NoError(t, err)
	ada, err := p.SignIn(testContext(t), "User.Read")
	require.NoError(t, err)
	ada.Realm = e.Tenant()
	source := p.Account(ada, "User.Read")
	tok, err := source.Token(testContext(t), msalcae.TokenRequest{NoPrompt: true})
	require.NoError(t, err)
	e.Revoke(e.Username())
	_, err = source.Token(testContext(t), msalcae.TokenRequest{Rejected: tok.Value, Claims: `{"access_token":{"nbf":{"essential":true,"value":"1"}}}`})
	require.NoError(t, err)
	for _, at := range []entratest.Endpoint{entratest.TokenEndpoint, entratest.AuthorizeEndpoint} {
		requests := e.Requests(at)
		assert.Contains(t, requests[len(requests)-1].Path, "/"+e.Tenant()+"/", "%s", at)
	}
	all, err := p.Accounts(testContext(t))
	require.NoError(t, err)
	require.Len(t, all, 1, "one person, in two tenants")
	assert.Equal(t, "common", all[0].Realm, "as the authority has it")
	require.NoError(t, p.SignOut(testContext(t), all[0]))
	_, err = source.Token(testContext(t), msalcae.TokenRequest{NoPrompt: true})
	require.ErrorIs(t, err, msalcae.ErrInteractionRequired, "signed out of every tenant")
	assert.False(t, slices.ContainsFunc(e.Log(), func(r entratest.Request) bool { return strings.Contains(r.Path, "//") }))
}
