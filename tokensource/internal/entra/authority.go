// Package entra is what is spoken with Entra below and around MSAL: authorities
// and the clouds they are in, the HTTP client under the clients that we build,
// and answers and errors in types of ours, from which no secret can be read. It
// knows nothing of sources.
package entra

import (
	"cmp"
	"fmt"
	"net/url"
	"strings"

	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/internal/clouds"
)

// An Authority is the address at which a tenant's tokens are issued, taken
// apart. The zero value stands for the unknown authority of a wrapped client.
type Authority struct {
	URL    string // normalised: host in lower case, without :443
	Host   string // host[:port]
	Tenant string // first segment of the path, in lower case
}

// ParseAuthority checks the value of a config's Authority; config names the
// type for the error.
func ParseAuthority(config, value string) (Authority, error) {
	const form = "such as https://login.microsoftonline.com/<tenant>"
	wrong := func(what string) (Authority, error) {
		return Authority{}, fmt.Errorf("%w: %s.Authority %s; set it to an address %s", msalcae.ErrMisconfigured, config, what, form)
	}
	if value == "" {
		return wrong("is empty")
	}
	u, err := url.Parse(value)
	switch {
	case err != nil:
		return wrong("is not a URL")
	case u.Scheme != "https":
		return wrong("does not begin with https://")
	case u.Hostname() == "":
		return wrong("has no host")
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return wrong("has more than a host and a path")
	}
	tenant, _, _ := strings.Cut(strings.TrimPrefix(u.EscapedPath(), "/"), "/")
	if tenant == "" {
		return wrong("names no tenant")
	}
	host := strings.TrimSuffix(strings.ToLower(u.Host), ":443")
	return Authority{
		URL:    "https://" + host + strings.TrimSuffix(u.EscapedPath(), "/"),
		Host:   host,
		Tenant: strings.ToLower(tenant),
	}, nil
}

// Microsoft reports whether a's host is one of Microsoft's.
func (a Authority) Microsoft() bool { return a.cloud() != nil }

// cloud returns the cloud of a's host, nil if it is not one of Microsoft's.
func (a Authority) cloud() *clouds.Cloud { return clouds.OfLogin(a.Host) }

// discovery returns the address of the discovery document of a tenant, "" for
// a's own, as MSAL has it.
func (a Authority) discovery(tenant string) string {
	own, version := "https://"+a.Host+"/", "/v2.0"
	_, rest, _ := strings.Cut(strings.TrimPrefix(a.URL, own), "/")
	switch {
	case a.Tenant == "adfs":
		version = ""
	case tenant == "":
		return a.URL + version + wellKnown
	}
	return strings.TrimSuffix(own+cmp.Or(tenant, a.Tenant)+"/"+rest, "/") + version + wellKnown
}

// trusts reports whether credentials for a may be sent to u: to a's own host,
// or to one of Microsoft's, with or without the label of a region before it.
// A discovery document is otherwise free to name any host.
func (a Authority) trusts(u *url.URL) bool {
	if u.Scheme != "https" || u.User != nil {
		return false
	}
	host := strings.TrimSuffix(strings.ToLower(u.Host), ":443")
	if host == a.Host || clouds.OfLogin(host) != nil {
		return true
	}
	_, rest, _ := strings.Cut(host, ".")
	return clouds.OfLogin(rest) != nil
}

// Generic reports whether tenant stands for several: tokens for it come from
// the tenant of whoever signs in.
func Generic(tenant string) bool {
	switch strings.ToLower(tenant) {
	case "common", "organizations", "consumers":
		return true
	}
	return false
}

// CheckTenant refuses what cannot be a tenant's id or domain name: the value
// becomes a path segment of the authority, and often comes from a request.
func CheckTenant(id string) error {
	ok := id != "" && !Generic(id) && strings.Trim(id, ".") != ""
	for _, c := range []byte(id) {
		ok = ok && (c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '.' || c == '-')
	}
	if !ok {
		return fmt.Errorf("%w: %q is not the id or domain name of one tenant", msalcae.ErrMisconfigured, id)
	}
	return nil
}
