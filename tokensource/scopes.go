package tokensource

import (
	"fmt"
	"slices"
	"strings"

	"github.com/msalcae/msalcae"
)

// canonicalScopes returns scopes in the one form that equal lists share:
// sorted, without repetitions in any case, one scope to an element (a string
// with several, as in a token request, is taken apart).
//
// The scopes that MSAL adds to every request are left out, unless there are no
// others: asked for by name, offline_access makes MSAL fail, because Entra
// never lists it among what it granted.
func canonicalScopes(scopes []string) ([]string, error) {
	if len(scopes) == 0 {
		return nil, fmt.Errorf("%w: no scopes; name at least one, such as https://graph.microsoft.com/.default", msalcae.ErrMisconfigured)
	}
	var named, added []string
	for _, s := range scopes {
		parts := strings.Fields(s)
		if len(parts) == 0 {
			return nil, fmt.Errorf("%w: a scope is an empty string", msalcae.ErrMisconfigured)
		}
		for _, scope := range parts {
			switch {
			case !validScope(scope):
				return nil, fmt.Errorf("%w: %q is not a scope (RFC 6749 section 3.3)", msalcae.ErrMisconfigured, scope)
			case scope == "openid" || scope == "profile" || scope == "offline_access":
				added = append(added, scope)
			default:
				named = append(named, scope)
			}
		}
	}
	if len(named) == 0 {
		named = []string{added[0]}
		if slices.Contains(added, "openid") {
			named = []string{"openid"}
		}
	}
	slices.SortStableFunc(named, func(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) })
	return slices.CompactFunc(named, strings.EqualFold), nil
}

// validScope holds a scope to scope-token of RFC 6749 section 3.3.
func validScope(s string) bool {
	for _, c := range []byte(s) {
		if c < 0x21 || c > 0x7e || c == '"' || c == '\\' {
			return false
		}
	}
	return s != ""
}

// scopeKey is equal for equal lists of canonical scopes.
func scopeKey(scopes []string) string { return strings.ToLower(strings.Join(scopes, " ")) }
