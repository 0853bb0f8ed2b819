package entra

import (
	"net/netip"
	"net/url"
	"strings"

	"github.com/msalcae/msalcae/internal/clouds"
)

// resourceHosts maps resources whose tokens are for other hosts than the one
// in the resource's name, in the form of Transport.Hosts.
var resourceHosts = map[string][]string{
	"management.core.windows.net":       {"management.azure.com"},
	"management.core.usgovcloudapi.net": {"management.usgovcloudapi.net"},
	"management.core.chinacloudapi.cn":  {"management.chinacloudapi.cn"},
	"vault.azure.net":                   {"*.vault.azure.net"},
	"vault.usgovcloudapi.net":           {"*.vault.usgovcloudapi.net"},
	"vault.azure.cn":                    {"*.vault.azure.cn"},
	"managedhsm.azure.net":              {"*.managedhsm.azure.net"},
	"managedhsm.usgovcloudapi.net":      {"*.managedhsm.usgovcloudapi.net"},
	"managedhsm.azure.cn":               {"*.managedhsm.azure.cn"},
	"azconfig.io":                       {"*.azconfig.io"},
	"cosmos.azure.com":                  {"*.documents.azure.com"},
	"cognitiveservices.azure.com":       {"*.cognitiveservices.azure.com", "*.openai.azure.com", "*.services.ai.azure.com"},
	"search.azure.com":                  {"*.search.windows.net"},
}

// ScopeHosts names the hosts that tokens with these scopes are for, or nil if
// the scopes do not tell: then Transport asks its owner to set Hosts.
//
// A scope is a resource's identifier with a permission behind it, or a bare
// permission, which Entra takes for Microsoft Graph's (Scopes and permissions
// in the Microsoft identity platform). A resource whose identifier is an https
// URL lives at that host, as far as it is one of Microsoft's or was chosen so;
// api:// and GUID identifiers say nothing about hosts.
func ScopeHosts(a Authority, scopes []string) []string {
	for _, scope := range scopes {
		switch {
		case openID(scope):
			// in every token, whatever its resource
		case bare(scope):
			return graphHosts(a)
		default:
			// Entra issues a token for one resource at a time: the first tells.
			return urlHosts(a, scope)
		}
	}
	return graphHosts(a)
}

func openID(scope string) bool {
	switch scope {
	case "openid", "profile", "email", "offline_access":
		return true
	}
	return false
}

// bare reports whether scope is a permission without a resource before it.
func bare(scope string) bool {
	return !strings.ContainsAny(scope, "/:") && !isGUID(scope)
}

func isGUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i, c := range []byte(strings.ToLower(s)) {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if c != '-' {
				return false
			}
		} else if !(c >= '0' && c <= '9' || c >= 'a' && c <= 'f') {
			return false
		}
	}
	return true
}

func graphHosts(a Authority) []string {
	if c := a.cloud(); c != nil && len(c.Graph) > 0 {
		return c.Graph[:1:1]
	}
	return nil
}

func urlHosts(a Authority, scope string) []string {
	u, err := url.Parse(scope)
	if err != nil || u.User != nil || u.Opaque != "" {
		return nil
	}
	host := strings.ToLower(u.Host)
	name := strings.ToLower(u.Hostname())
	switch {
	case u.Scheme != "https" && !(u.Scheme == "http" && LoopbackHost(name)):
		return nil
	case name == "" || strings.Trim(host, "abcdefghijklmnopqrstuvwxyz0123456789.-:[]") != "":
		return nil
	case name == "storage.azure.com":
		return storageHosts(a)
	case name == "onmicrosoft.com" || strings.HasSuffix(name, ".onmicrosoft.com"):
		return nil // a verified domain in an identifier; nothing is served there
	case notHosts[name]:
		return nil
	case resourceHosts[name] != nil && u.Port() == "":
		return resourceHosts[name]
	}
	return []string{host}
}

// notHosts are resources whose identifier looks like a host but is none: what
// they protect is at hosts of the caller's own, such as a namespace.
var notHosts = map[string]bool{
	"servicebus.azure.net":        true,
	"eventhubs.azure.net":         true,
	"batch.core.windows.net":      true,
	"dev.azuresynapse.net":        true,
	"digitaltwins.azure.net":      true,
	"monitor.azure.com":           true,
	"database.windows.net":        true,
	"cosmos.azure.com":            true,
	"azconfig.io":                 true,
	"search.azure.com":            true,
	"cognitiveservices.azure.com": true,
	"communication.azure.com":     true,
}

// storageHosts are those of Azure Storage, whose resource has the same name in
// every cloud.
func storageHosts(a Authority) []string {
	c := a.cloud()
	if c == nil || c.Storage == "" {
		return nil
	}
	var hosts []string
	for _, service := range []string{"blob", "dfs", "file", "queue", "table"} {
		hosts = append(hosts, "*."+service+"."+c.Storage)
		if c == clouds.Worldwide {
			hosts = append(hosts, "*."+service+".storage.azure.net") // accounts in DNS zones
		}
	}
	return hosts
}

// LoopbackHost reports whether name is localhost or a loopback address.
func LoopbackHost(name string) bool {
	if name == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(name)
	return err == nil && ip.IsLoopback()
}
