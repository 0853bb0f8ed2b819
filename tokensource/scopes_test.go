package tokensource

import (
	"testing"

	"github.com/msalcae/msalcae"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCanonicalScopes(t *testing.T) {
	for _, c := range []struct{ in, want []string }{
		{[]string{"b", "a"}, []string{"a", "b"}},
		{[]string{"User.Read", "user.read", "USER.READ"}, []string{"User.Read"}},
		{[]string{" User.Read  Mail.Read\n"}, []string{"Mail.Read", "User.Read"}},
		{[]string{"offline_access", "User.Read", "openid", "profile"}, []string{"User.Read"}},
		{[]string{"openid", "offline_access"}, []string{"openid"}},
		{[]string{"offline_access"}, []string{"offline_access"}},
		{[]string{"email"}, []string{"email"}},
		{[]string{"https://127.0.0.1:1/.default"}, []string{"https://127.0.0.1:1/.default"}},
	} {
		got, err := canonicalScopes(c.in)
		require.NoError(t, err)
		assert.Equal(t, c.want, got, c.in)
	}
	for says, in := range map[string][]string{
		"no scopes":       {},
		"empty string":    {"User.Read", ""},
		"an empty string": {"  "},
		"not a scope":     {`User"Read`},
		"is not a scope":  {"Ü"},
	} {
		_, err := canonicalScopes(in)
		require.ErrorIs(t, err, msalcae.ErrMisconfigured, says)
		assert.ErrorContains(t, err, says)
	}
}

// The caller's slice is the caller's.
func TestCanonicalScopesCopies(t *testing.T) {
	in := []string{"b", "a"}
	_, err := canonicalScopes(in)
	require.NoError(t, err)
	assert.Equal(t, []string{"b", "a"}, in)
}

func TestScopeHosts(t *testing.T) {
	at := func(host string) authority { return authority{host: host} }
	world := at("login.microsoftonline.com")
	for _, c := range []struct {
		at    authority
		scope string
		want  []string
	}{
		{world, "User.Read", []string{"graph.microsoft.com"}},
		{world, ".default", []string{"graph.microsoft.com"}},
		{world, "openid", []string{"graph.microsoft.com"}},
		{at("login.windows.net"), "User.Read", []string{"graph.microsoft.com"}},
		{at("login.microsoftonline.us"), "User.Read", []string{"graph.microsoft.us"}},
		{at("login.partner.microsoftonline.cn"), "User.Read", []string{"microsoftgraph.chinacloudapi.cn"}},
		{at("login.sovcloud-identity.fr"), "User.Read", nil},
		{at("login.contoso.test"), "User.Read", nil},
		{authority{}, "User.Read", nil},
		{world, "https://graph.microsoft.com/.default", []string{"graph.microsoft.com"}},
		{world, "https://Graph.Microsoft.com//User.Read", []string{"graph.microsoft.com"}},
		{world, "https://dod-graph.microsoft.us/.default", []string{"dod-graph.microsoft.us"}},
		{world, "https://management.azure.com/.default", []string{"management.azure.com"}},
		{world, "https://management.core.windows.net//.default", []string{"management.azure.com"}},
		{world, "https://management.core.usgovcloudapi.net/.default", []string{"management.usgovcloudapi.net"}},
		{world, "https://vault.azure.net/.default", []string{"*.vault.azure.net"}},
		{world, "https://contoso.vault.azure.net/.default", []string{"contoso.vault.azure.net"}},
		{world, "https://vault.azure.net:8443/.default", []string{"vault.azure.net:8443"}},
		{world, "https://contoso.sharepoint.com/AllSites.Read", []string{"contoso.sharepoint.com"}},
		{world, "https://contoso.crm.dynamics.com/user_impersonation", []string{"contoso.crm.dynamics.com"}},
		{at("login.chinacloudapi.cn"), "https://storage.azure.com/.default", []string{
			"*.blob.core.chinacloudapi.cn", "*.dfs.core.chinacloudapi.cn", "*.file.core.chinacloudapi.cn", "*.queue.core.chinacloudapi.cn", "*.table.core.chinacloudapi.cn"}},
		{at("login.contoso.test"), "https://storage.azure.com/.default", nil},
		{at("127.0.0.1:1"), "https://127.0.0.1:8443/.default", []string{"127.0.0.1:8443"}},
		{world, "https://[::1]:8443/.default", []string{"[::1]:8443"}},
		{world, "http://localhost:8080/read", []string{"localhost:8080"}},
		{world, "http://contoso.test/read", nil},
		{world, "https://contoso.onmicrosoft.com/api/read", nil},
		{world, "api://99999999-0000-4000-8000-000000000001/.default", nil},
		{world, "99999999-0000-4000-8000-000000000001/.default", nil},
		{world, "99999999-0000-4000-8000-000000000001", nil},
		{world, "contoso/read", nil},
		{world, "urn:contoso:read", nil},
		{world, "https://user@host/read", nil},
		{world, "https://*.evil.test/read", nil},
		{world, "https:///read", nil},
	} {
		assert.Equal(t, c.want, scopeHosts(c.at, []string{c.scope}), "%s at %s", c.scope, c.at.host)
	}
	assert.Contains(t, scopeHosts(world, []string{"https://storage.azure.com/user_impersonation"}), "*.blob.core.windows.net")
	assert.Equal(t, []string{"*.vault.azure.net"}, scopeHosts(world, []string{"openid", "https://vault.azure.net/.default"}))
}
