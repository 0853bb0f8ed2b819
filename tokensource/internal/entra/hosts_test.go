package entra

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestScopeHosts(t *testing.T) {
	at := func(host string) Authority { return Authority{Host: host} }
	world := at("login.microsoftonline.com")
	for _, c := range []struct {
		at    Authority
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
		{Authority{}, "User.Read", nil},
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
		assert.Equal(t, c.want, ScopeHosts(c.at, []string{c.scope}), "%s at %s", c.scope, c.at.Host)
	}
	assert.Contains(t, ScopeHosts(world, []string{"https://storage.azure.com/user_impersonation"}), "*.blob.core.windows.net")
	assert.Equal(t, []string{"*.vault.azure.net"}, ScopeHosts(world, []string{"openid", "https://vault.azure.net/.default"}))
}
