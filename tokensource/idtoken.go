package tokensource

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/msalcae/msalcae/tokensource/internal/entra"
	"github.com/msalcae/msalcae/tokensource/internal/jwt"
)

// ErrIDToken says that an ID token is not for this application, this tenant or
// this time. What to check is the authority, and the clock; a new sign-in helps
// only if those change.
var ErrIDToken = errors.New("msalcae: the ID token is not acceptable")

func badIDToken(why string) error {
	return entra.OfKinds("the ID token that came with the code "+why, ErrIDToken)
}

// consumers is the tenant of all personal Microsoft accounts.
const consumers = "9188040d-6c67-4c5b-b112-36a304b66dad"

var guid = regexp.MustCompile(`^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`)

// checkIDToken looks at all that OpenID Connect Core section 3.1.3.7 wants to be
// looked at, but for the signature, in whose place TLS may stand, and the nonce.
// issuer is that of the discovery document: of an authority for many tenants
// a template, which the token's own tenant belongs in
// (https://learn.microsoft.com/entra/identity-platform/access-tokens#validate-the-issuer).
func checkIDToken(id jwt.Claims, issuer, tenant, clientID string) error {
	const template = "{tenantid}"
	switch many := strings.Contains(issuer, template); {
	case many && !guid.MatchString(id.Tenant):
		return badIDToken("names no tenant, which the authority's tokens do")
	case id.Issuer == "" || id.Issuer != strings.ReplaceAll(issuer, template, id.Tenant):
		return badIDToken("is of another issuer than the authority's discovery document names; check the authority")
	case !many && id.Tenant != "" && guid.MatchString(tenant) && !strings.EqualFold(id.Tenant, tenant),
		!many && id.Tenant != "" && namesOtherTenant(id),
		tenant == "organizations" && strings.EqualFold(id.Tenant, consumers):
		return badIDToken("is of another tenant than the authority; check the authority")
	}
	ours := func(audience string) bool { return strings.EqualFold(audience, clientID) } // Entra writes it in lower case
	switch {
	case !slices.ContainsFunc(id.Audience, ours):
		return badIDToken("is for another application; check the client id")
	case id.Ends().IsZero() || id.Expired():
		return badIDToken("has expired; check this machine's clock")
	case time.Unix(int64(min(id.NotBefore, 1<<40)), 0).After(time.Now().Add(jwt.Skew)):
		return badIDToken("is not valid yet; check this machine's clock")
	}
	return nil
}

// namesOtherTenant reports whether an issuer of Entra's kind names another
// tenant than the token does.
func namesOtherTenant(id jwt.Claims) bool {
	for _, part := range strings.Split(id.Issuer, "/") {
		if guid.MatchString(part) {
			return !strings.EqualFold(part, id.Tenant)
		}
	}
	return false
}
