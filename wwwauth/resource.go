package wwwauth

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/msalcae/msalcae/internal/clouds"
)

// Errors of ResourceOf, found with errors.Is.
var (
	// ErrNoAuthority: no challenge names an authority of Entra.
	ErrNoAuthority = errors.New("wwwauth: no Bearer challenge says where tokens come from")
	// ErrUnknownAuthority: a challenge names an authority that is not one of
	// Microsoft's and not among those that the caller knows.
	ErrUnknownAuthority = errors.New("wwwauth: the challenge sends to an unknown authority")
)

// A Resource is what a challenge says about the API that issued it: how to get
// a token for it. Everything but the authority's host is the API's word alone.
// An API that names another's identifier asks for a token of that other: send
// a token only to hosts that it is for, as msalcae.Transport does.
type Resource struct {
	// Authority is where tokens come from, in the form that MSAL takes:
	// https://login.microsoftonline.com/<tenant>, with common in the place of
	// the tenant if the challenge names none.
	Authority string
	// Tenant is a GUID, a domain name, or one of common, organizations and
	// consumers; "" if the challenge names none.
	Tenant string
	// ID is the identifier of the API, a URI or a GUID; "" if the challenge
	// does not say it, as those of Azure Resource Manager do not.
	ID string
	// Scope is the one to ask for: <ID>/.default; "" if ID is.
	Scope string
}

// graphID is the application ID that Microsoft Graph's challenges give.
const graphID = "00000003-0000-0000-c000-000000000000"

// ResourceOf returns what the first Bearer challenge of h that names an
// authority says about its API, without any network call. It knows the forms of
// Microsoft Graph, Azure Resource Manager, Key Vault, Storage, SharePoint,
// Exchange and Dataverse, whose challenges to a request without a token say
// most.
//
// The authority must be an https URL at one of Entra's hosts or at one of hosts,
// which are host names, with a port if it is not 443, that the caller trusts
// with a sign-in as well. It fails with ErrNoAuthority or ErrUnknownAuthority.
func ResourceOf(h http.Header, hosts ...string) (Resource, error) {
	for _, c := range Parse(h) {
		uri := first(c.Params, "authorization_uri", "authorization") // the latter is Key Vault's
		if uri == "" || !equalFold(c.Scheme, "Bearer") {
			continue
		}
		host, tenant, err := authority(uri, hosts)
		if err != nil {
			return Resource{}, err
		}
		if realm := c.Params["realm"]; isGUID(realm) && (tenant == "" || tenant == "common") {
			tenant = realm // SharePoint's
		}
		r := Resource{Authority: "https://" + host + "/" + tenant, Tenant: tenant, ID: identifier(c.Params)}
		if tenant == "" {
			r.Authority += "common"
		}
		if r.ID == graphID && clouds.OfLogin(host) == clouds.Worldwide {
			r.ID = "https://graph.microsoft.com"
		}
		if r.ID != "" {
			r.Scope = r.ID + defaultScope
		}
		return r, nil
	}
	return Resource{}, ErrNoAuthority
}

const (
	defaultScope = "/.default"
	maxIDLen     = 256
)

// authority takes the authorize endpoint or the authority that a challenge
// names apart.
func authority(uri string, hosts []string) (host, tenant string, err error) {
	u, err := url.Parse(uri)
	if err != nil || u.Host == "" || u.Opaque != "" || u.User != nil {
		return "", "", fmt.Errorf("%w: what it gives is no URL of one", ErrUnknownAuthority)
	}
	if u.Scheme != "https" {
		return "", "", fmt.Errorf("%w: it is not https", ErrUnknownAuthority)
	}
	host = strings.TrimSuffix(lower(u.Host), ":443")
	known := func(h string) bool { return equalFold(strings.TrimSuffix(h, ":443"), host) }
	if clouds.OfLogin(host) == nil && !slices.ContainsFunc(hosts, known) {
		return "", "", fmt.Errorf("%w, %.100q: name its host if you trust it with a sign-in", ErrUnknownAuthority, host)
	}
	tenant, _, _ = strings.Cut(strings.TrimPrefix(u.Path, "/"), "/")
	if len(tenant) > maxIDLen || tenant != strings.Trim(tenant, "-.") || !ofChars(tenant, "-.") {
		tenant = ""
	}
	return host, tenant, nil
}

// identifier returns the identifier of the API, as far as it has the form of
// one. Storage and Dataverse give it a slash at its end that scopes do not have.
func identifier(params map[string]string) string {
	id := strings.TrimSuffix(params["scope"], defaultScope)
	if id == "" || id == params["scope"] {
		id = first(params, "resource", "resource_id", "client_id")
	}
	id = strings.TrimSuffix(id, "/")
	if isGUID(id) {
		return id
	}
	if len(id) > maxIDLen || !strings.Contains(id, "://") || !ofChars(id, "-._~:/") {
		return ""
	}
	return id
}

func first(params map[string]string, names ...string) string {
	for _, name := range names {
		if v := params[name]; v != "" {
			return v
		}
	}
	return ""
}

func isGUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if dash := i == 8 || i == 13 || i == 18 || i == 23; dash != (c == '-') || !dash && !isHex(c) {
			return false
		}
	}
	return true
}
