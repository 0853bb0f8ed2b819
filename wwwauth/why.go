package wwwauth

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// A Cause is what kind of thing made an API issue a claims challenge. It is
// short and fixed, fit for logs and metrics.
type Cause string

// The causes that are known. Entra documents few of the marks that servers
// leave; what each is taken from stands beside it.
const (
	// Revoked: sessions were revoked, or the password was changed or reset,
	// or the account was disabled. Code TokenIssuedBeforeRevocationTimestamp,
	// or claims that ask for a later nbf alone.
	Revoked Cause = "revoked"
	// Location: a location policy does not accept the network address that
	// the API sees. Code LocationConditionEvaluationSatisfied (sic), or the
	// claim xms_rp_ipaddr.
	Location Cause = "location"
	// AuthContext: sign-in must satisfy an authentication context of
	// Conditional Access. The claim acrs.
	AuthContext Cause = "auth_context"
	// Policy: Conditional Access policies must be satisfied. The claims
	// capolids and polids.
	Policy Cause = "policy"
	// PolicyChanged: policies or roles changed since the token was issued.
	// Code TokenCreatedWithOutdatedPolicies.
	PolicyChanged Cause = "policy_changed"
	// CAEError: the API gave an error code of continuous access evaluation,
	// whose meaning is not public. The claim xms_caeerror, or a code in the
	// description that is not known.
	CAEError Cause = "cae_error"
	// Other: the API asks for claims that say nothing of why.
	Other Cause = "other"
)

// A Reason is one thing that a claims challenge says about why it was issued.
// It is fit to be shown: what it holds of the challenge is short and printable.
type Reason struct {
	Cause Cause
	// Values are what the challenge gives with the cause: identifiers of
	// authentication contexts, any one of which will do, or of policies; a
	// network address; an error code. At most four, none longer than 64
	// bytes, all printable ASCII; what is not so is left out.
	Values []string
}

// Bounds of what is taken over from a challenge.
const (
	maxValues   = 4
	maxValueLen = 64
)

// Reasons are in the order of what a person should hear first.
type Reasons []Reason

// Why returns the reasons of the claims challenge in resp, from its claims and
// its error_description, or none if resp is no claims challenge. It also
// returns what can be known of a challenge that [Claims] calls malformed.
func Why(resp *http.Response) Reasons {
	f := find(resp)
	if f.claims == "" && f.err == nil {
		return nil
	}
	return reasons(f.claims, f.description)
}

// Explain returns the reasons that claims alone give, such as Claims returned
// or Entra's token endpoint asked for; none if claims is "". It is for text
// from anywhere: what is no JSON object of claims gives the cause Other.
func Explain(claims string) Reasons {
	if claims == "" {
		return nil
	}
	return reasons(claims, "")
}

// String joins the reasons to one line of plain English without a capital or a
// full stop, to stand in an error or after "because"; "" if there are none.
func (rs Reasons) String() string {
	var b strings.Builder
	for i, r := range rs {
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(r.String())
	}
	return b.String()
}

// String says the reason in one clause of plain English.
func (r Reason) String() string {
	v := strings.Join(r.Values, " or ")
	switch r.Cause {
	case Revoked:
		return "the session was revoked or the password changed"
	case Location:
		if v == "" {
			return "a location policy does not accept where the request comes from"
		}
		return "a location policy does not accept the network address " + v
	case AuthContext:
		if v == "" {
			return "sign-in must satisfy an authentication context"
		}
		return "sign-in must satisfy authentication context " + v
	case Policy:
		return "sign-in must satisfy a Conditional Access policy"
	case PolicyChanged:
		return "policies changed since the token was issued"
	case CAEError:
		if v == "" {
			return "continuous access evaluation failed"
		}
		return "continuous access evaluation gave error " + v
	}
	return "the API asks for other claims"
}

// A request is what a claims request asks of one claim (OpenID Connect Core
// section 5.5.1).
type request struct {
	Value  any   `json:"value"`
	Values []any `json:"values"`
}

func reasons(claims, description string) Reasons {
	var rs Reasons
	add := func(c Cause, values ...string) {
		if i := slices.IndexFunc(rs, func(r Reason) bool { return r.Cause == c }); i >= 0 {
			if len(rs[i].Values) == 0 {
				rs[i].Values = values
			}
			return
		}
		rs = append(rs, Reason{c, values})
	}
	switch code := codeIn(description); code {
	case "":
	case "TokenIssuedBeforeRevocationTimestamp":
		add(Revoked)
	case "LocationConditionEvaluationSatisfied":
		add(Location)
	case "TokenCreatedWithOutdatedPolicies":
		add(PolicyChanged)
	default:
		add(CAEError, code)
	}
	asked := requests(claims)
	for _, name := range slices.Sorted(maps.Keys(asked)) {
		values := asked[name].strings()
		switch name {
		case "acrs":
			add(AuthContext, values...)
		case "capolids", "polids", "capolids_latebind":
			add(Policy, values...)
		case "xms_rp_ipaddr":
			add(Location, addresses(values)...)
		case "xms_caeerror":
			add(CAEError, values...)
		}
	}
	if len(rs) == 0 {
		if _, ok := asked["nbf"]; ok && len(asked) == 1 {
			add(Revoked)
		} else {
			add(Other)
		}
	}
	return rs
}

// codeIn returns the code in descriptions such as "Continuous access evaluation
// resulted in challenge with result: InteractionRequired and code: X".
func codeIn(description string) string {
	_, after, ok := strings.Cut(description, "code: ")
	if !ok {
		return ""
	}
	if end := strings.IndexFunc(after, func(c rune) bool {
		return c > 0x7f || class[byte(c)]&char68 == 0
	}); end >= 0 {
		after = after[:end]
	}
	if len(after) > maxValueLen {
		return ""
	}
	return strings.TrimRight(after, ".")
}

// requests returns what claims ask of the access token.
func requests(claims string) map[string]request {
	if len(claims) > MaxClaimsBytes || checkObject(claims) != nil {
		return nil
	}
	var doc struct {
		AccessToken map[string]json.RawMessage `json:"access_token"`
	}
	if json.Unmarshal([]byte(claims), &doc) != nil {
		return nil
	}
	asked := make(map[string]request, len(doc.AccessToken))
	for name, raw := range doc.AccessToken {
		var r request
		_ = json.Unmarshal(raw, &r) // a claim asked for in an odd way is still asked for
		asked[name] = r
	}
	return asked
}

// strings returns the values that can be shown.
func (r request) strings() []string {
	var out []string
	for _, v := range append([]any{r.Value}, r.Values...) {
		s, ok := v.(string)
		if ok && len(out) < maxValues && presentable(s) && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// presentable reports whether s may stand in a sentence: a short word of
// visible ASCII characters.
func presentable(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return s != "" && len(s) <= maxValueLen
}

func addresses(values []string) []string {
	var out []string
	for _, v := range values {
		if a, err := netip.ParseAddr(v); err == nil {
			out = append(out, a.WithZone("").String())
		}
	}
	return out
}
