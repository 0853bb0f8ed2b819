package entra

import (
	"net/url"
	"testing"

	"github.com/msalcae/msalcae"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParseAuthority(t *testing.T) {
	for in, want := range map[string]Authority{
		"https://login.microsoftonline.com/common":                     {"https://login.microsoftonline.com/common", "login.microsoftonline.com", "common"},
		"https://LOGIN.microsoftonline.com:443/Contoso.Test/":          {"https://login.microsoftonline.com/Contoso.Test", "login.microsoftonline.com", "contoso.test"},
		"https://127.0.0.1:8443/11111111-2222":                         {"https://127.0.0.1:8443/11111111-2222", "127.0.0.1:8443", "11111111-2222"},
		"https://contoso.b2clogin.com/contoso.onmicrosoft.com/b2c_1_x": {"https://contoso.b2clogin.com/contoso.onmicrosoft.com/b2c_1_x", "contoso.b2clogin.com", "contoso.onmicrosoft.com"},
		"https://[::1]:9/adfs":                                         {"https://[::1]:9/adfs", "[::1]:9", "adfs"},
	} {
		got, err := ParseAuthority("Config", in)
		require.NoError(t, err, in)
		assert.Equal(t, want, got)
	}
	for in, says := range map[string]string{
		"":                                   "is empty",
		"http://login.microsoftonline.com/t": "does not begin with https://",
		"login.microsoftonline.com/t":        "does not begin with https://",
		"https:///t":                         "has no host",
		"https://login.microsoftonline.com":  "names no tenant",
		"https://login.microsoftonline.com/": "names no tenant",
		"https://a:b@host/t":                 "has more than a host and a path",
		"https://host/t?x=1":                 "has more than a host and a path",
		"https://host/t#x":                   "has more than a host and a path",
		"https://host\x7f/t":                 "is not a URL",
	} {
		_, err := ParseAuthority("Config", in)
		require.ErrorIs(t, err, msalcae.ErrMisconfigured, in)
		assert.ErrorContains(t, err, "Config.Authority "+says, in)
	}
}

func TestAuthorityTrusts(t *testing.T) {
	own, err := ParseAuthority("Config", "https://login.contoso.test:8443/t")
	require.NoError(t, err)
	for raw, want := range map[string]bool{
		"https://login.contoso.test:8443/t/token":           true,
		"https://LOGIN.contoso.test:8443/t/token":           true,
		"https://login.microsoftonline.com/t/token":         true,
		"https://login.microsoftonline.com:443/t/token":     true,
		"https://westeurope.login.microsoft.com/t/token":    true,
		"https://login.contoso.test/t/token":                false, // another port
		"http://login.contoso.test:8443/t/token":            false,
		"https://evil.test/token":                           false,
		"https://login.microsoftonline.com.evil.test/token": false,
		"https://evil.test.login.microsoftonline.com/token": false, // more than a region
		"https://user@login.microsoftonline.com/token":      false,
		"https://login.microsoftonline.com:8443/token":      false,
		"https://notlogin.microsoftonline.com/token":        false,
	} {
		u, err := url.Parse(raw)
		require.NoError(t, err)
		assert.Equal(t, want, own.trusts(u), raw)
	}
}

func TestCheckTenant(t *testing.T) {
	for _, good := range []string{"contoso.test", "11111111-2222-3333-4444-555555555555", "Contoso.onmicrosoft.com"} {
		assert.NoError(t, CheckTenant(good), good)
	}
	for _, bad := range []string{"", "common", "Organizations", "consumers", "..", "a/b", "//evil.test", "a b", "a%2fb", "ü", "a?b"} {
		assert.ErrorIs(t, CheckTenant(bad), msalcae.ErrMisconfigured, bad)
	}
}

// Where MSAL looks for a discovery document, so that it is fetched once.
func TestDiscoveryAddress(t *testing.T) {
	for _, c := range []struct{ authority, tenant, want string }{
		{"https://login.contoso.test/Home", "", "https://login.contoso.test/Home/v2.0"},
		{"https://login.contoso.test/home/", "other", "https://login.contoso.test/other/v2.0"},
		{"https://login.contoso.test:8443/a/b/c", "", "https://login.contoso.test:8443/a/b/c/v2.0"},
		{"https://login.contoso.test/a/b/c", "x", "https://login.contoso.test/x/b/c/v2.0"},
		{"https://sts.contoso.test/adfs", "", "https://sts.contoso.test/adfs"},
	} {
		a, err := ParseAuthority("Config", c.authority)
		require.NoError(t, err)
		assert.Equal(t, c.want+"/.well-known/openid-configuration", a.discovery(c.tenant))
	}
}
