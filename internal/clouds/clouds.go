// Package clouds is the list of Microsoft's clouds: at which hosts each issues
// tokens, and where its well-known services are.
package clouds

import "slices"

// A Cloud is one of Microsoft's. It is never changed.
type Cloud struct {
	// Login are the hosts at which tokens are issued, the preferred one first.
	Login []string
	// Cache is the one of Login by which MSAL knows cached tokens.
	Cache string
	// Graph are the hosts of Microsoft Graph, the one that scopes without a
	// resource mean first; nil: not certain.
	Graph []string
	// Storage is the suffix of the hosts of Azure Storage; "": not certain.
	Storage string
}

// All are the clouds that MSAL trusts without asking (the instance discovery
// metadata of MSAL Go 1.10.1), Worldwide first.
var All = []*Cloud{
	Worldwide,
	{
		Login:   []string{"login.partner.microsoftonline.cn", "login.chinacloudapi.cn"},
		Cache:   "login.partner.microsoftonline.cn",
		Graph:   []string{"microsoftgraph.chinacloudapi.cn"},
		Storage: "core.chinacloudapi.cn",
	},
	{
		Login:   []string{"login.microsoftonline.us", "login.usgovcloudapi.net"},
		Cache:   "login.microsoftonline.us",
		Graph:   []string{"graph.microsoft.us", "dod-graph.microsoft.us"},
		Storage: "core.usgovcloudapi.net",
	},
	{
		Login:   []string{"login.microsoftonline.de"},
		Cache:   "login.microsoftonline.de",
		Graph:   []string{"graph.microsoft.de"},
		Storage: "core.cloudapi.de",
	},
	single("login-us.microsoftonline.com"),
	single("login.sovcloud-identity.fr"),
	single("login.sovcloud-identity.de"),
	single("login.sovcloud-identity.sg"),
}

// Worldwide is the cloud of those who have not chosen another.
var Worldwide = &Cloud{
	Login:   []string{"login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net"},
	Cache:   "login.windows.net",
	Graph:   []string{"graph.microsoft.com"},
	Storage: "core.windows.net",
}

func single(login string) *Cloud { return &Cloud{Login: []string{login}, Cache: login} }

// OfLogin returns the cloud that issues tokens at host, which is in lower case
// and without a port; nil: none of Microsoft's does.
func OfLogin(host string) *Cloud { return find(host, func(c *Cloud) []string { return c.Login }) }

// OfGraph returns the cloud whose Microsoft Graph is at host, as in OfLogin;
// nil: none.
func OfGraph(host string) *Cloud { return find(host, func(c *Cloud) []string { return c.Graph }) }

func find(host string, hosts func(*Cloud) []string) *Cloud {
	for _, c := range All {
		if slices.Contains(hosts(c), host) {
			return c
		}
	}
	return nil
}
