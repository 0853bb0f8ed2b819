package wwwauth

import (
	"net/http"
	"strings"
)

// A Cause is the kind of thing that made an API issue a claims challenge. It is
// a fixed short word, fit for logs and as the label of a metric.
type Cause string

// The causes. Microsoft documents few of the marks that they are told by, which
// is why each says what they are.
const (
	// Revoked: sessions were revoked, the password was changed or reset, or
	// the account was disabled. Told by the code
	// TokenIssuedBeforeRevocationTimestamp, or by claims that ask for nothing
	// but a later nbf.
	Revoked Cause = "revoked"
	// Location: a location policy has something to say about the network
	// address that the API sees. Told by the code
	// LocationConditionEvaluationSatisfied or the claim xms_rp_ipaddr. The
	// value is the address.
	Location Cause = "location"
	// AuthContext: a stronger sign-in is asked for, one that satisfies an
	// authentication context of Conditional Access. Told by the claim acrs.
	// The values are identifiers, any one of which will do.
	AuthContext Cause = "auth_context"
	// Policy: a Conditional Access policy is not satisfied. Told by the
	// claims capolids and polids, which Entra sends and APIs relay. The values
	// are identifiers of policies.
	Policy Cause = "policy"
	// PolicyChanged: policies or roles have changed since the token was
	// issued. Told by the code TokenCreatedWithOutdatedPolicies.
	PolicyChanged Cause = "policy_changed"
	// CAEError: continuous access evaluation failed for a reason whose
	// meaning is not public. Told by the claim xms_caeerror or by a code that
	// is not among the above. The value is the code.
	CAEError Cause = "cae_error"
	// Other: other claims are asked for, which do not say why.
	Other Cause = "other"
)

// A Reason is one thing that a claims challenge says about why it was issued.
// It is fit to be shown to anyone: of the challenge itself it holds Values
// alone.
type Reason struct {
	Cause Cause // what is known of the reason, for a program to branch on
	// Values are what the challenge gives with the cause, at most four, each
	// of at most 64 letters, digits and "-._:"; others are left out.
	Values []string
}

// Reasons are what a claims challenge says about why it was issued, each Cause
// once, the most telling first.
type Reasons []Reason

// Why returns the reasons of the claims challenge in resp, from its claims and
// from the code in its error_description, or nil if resp is no claims challenge.
// Of a challenge that [Claims] calls malformed it says what can be known. The
// body of resp is not touched.
func Why(resp *http.Response) Reasons {
	f := find(resp)
	if f.claims == "" && f.err == nil {
		return nil
	}
	return reasons(f.claims, f.description.text())
}

// Explain returns the reasons that claims alone give, such as those that Claims
// returned or that Entra's token endpoint asks for. It is nil for ""; text that
// is no JSON object has the cause Other.
func Explain(claims string) Reasons {
	if claims == "" {
		return nil
	}
	return reasons(claims, "")
}

// String says the reasons on one line of plain English that can stand behind
// "because" or in brackets: no capital, no full stop, at most 1 KiB of ASCII.
// It is "" if there are none.
func (rs Reasons) String() string {
	clauses := make([]string, len(rs))
	for i, r := range rs {
		clauses[i] = r.String()
	}
	return strings.Join(clauses, "; ")
}

// String says the reason in one clause of plain English.
func (r Reason) String() string {
	values := strings.Join(r.Values, " or ")
	switch {
	case r.Cause == Revoked:
		return "the session was revoked or the password changed"
	case r.Cause == Location && values == "":
		return "a location policy applies to the network address that the API sees"
	case r.Cause == Location:
		return "a location policy applies to the network address " + values + " that the API sees"
	case r.Cause == AuthContext && values == "":
		return "sign-in must satisfy an authentication context"
	case r.Cause == AuthContext && values == "p1": // Azure Resource Manager's own
		return "sign-in must satisfy authentication context p1, which is multifactor authentication"
	case r.Cause == AuthContext:
		return "sign-in must satisfy authentication context " + values
	case r.Cause == Policy:
		return "sign-in must satisfy a Conditional Access policy"
	case r.Cause == PolicyChanged:
		return "policies changed since the token was issued"
	case r.Cause == CAEError && values == "":
		return "continuous access evaluation failed"
	case r.Cause == CAEError:
		return "continuous access evaluation failed with code " + values
	}
	return "the API asks for other claims"
}
