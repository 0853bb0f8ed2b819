package wwwauth

import (
	"encoding/json"
	"net/netip"
	"slices"
	"strings"
)

// Bounds of what a Reason takes over from a challenge.
const (
	maxValues   = 4
	maxValueLen = 64
)

// marks are the claims that tell a cause by being asked for.
var marks = []struct {
	claim string
	cause Cause
}{
	{"acrs", AuthContext},
	{"capolids", Policy},
	{"polids", Policy},
	{"capolids_latebind", Policy},
	{"xms_caeerror", CAEError},
}

// reasons finds the reasons in decoded claims and in an error_description,
// neither of which is to be trusted.
func reasons(claims, description string) Reasons {
	var rs Reasons
	switch code := codeIn(description); code {
	case "":
	case "TokenIssuedBeforeRevocationTimestamp":
		rs.add(Revoked)
	case "LocationConditionEvaluationSatisfied":
		rs.add(Location)
	case "TokenCreatedWithOutdatedPolicies":
		rs.add(PolicyChanged)
	default:
		rs.add(CAEError, code)
	}
	asked := requests(claims)
	// A code is more exact than the address, which may stand in any challenge.
	if ip, ok := asked["xms_rp_ipaddr"]; ok && (len(rs) == 0 || rs[0].Cause == Location) {
		rs.add(Location, ip.addresses()...)
	}
	for _, m := range marks {
		if r, ok := asked[m.claim]; ok {
			rs.add(m.cause, r.words()...)
		}
	}
	if len(rs) > 0 {
		return rs
	}
	if _, ok := asked["nbf"]; ok && len(asked) == 1 {
		return Reasons{{Cause: Revoked}}
	}
	return Reasons{{Cause: Other}}
}

// add adds values to the reason with cause c, and that reason if it is new.
func (rs *Reasons) add(c Cause, values ...string) {
	i := slices.IndexFunc(*rs, func(r Reason) bool { return r.Cause == c })
	if i < 0 {
		i = len(*rs)
		*rs = append(*rs, Reason{Cause: c})
	}
	r := &(*rs)[i]
	for _, v := range values {
		if len(r.Values) < maxValues && !slices.Contains(r.Values, v) {
			r.Values = append(r.Values, v)
		}
	}
}

// codeIn returns the code of descriptions such as "Continuous access evaluation
// resulted in challenge with result: InteractionRequired and code: X".
func codeIn(description string) string {
	_, after, _ := strings.Cut(description, "and code: ")
	code, _, _ := strings.Cut(after, " ")
	if code = strings.TrimRight(code, ".,;"); !isWord(code) {
		return ""
	}
	return code
}

// A request is what a claims request asks of one claim (OpenID Connect Core
// section 5.5.1).
type request struct {
	Value  json.RawMessage   `json:"value"`
	Values []json.RawMessage `json:"values"`
}

// requests returns what claims ask of the access token, by the claim's name.
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
		_ = json.Unmarshal(raw, &r) // a claim asked for in an odd form is asked for
		asked[name] = r
	}
	return asked
}

// texts returns the values asked for, numbers as they are written.
func (r request) texts() []string {
	var texts []string
	for _, raw := range append([]json.RawMessage{r.Value}, r.Values...) {
		s := string(raw)
		if strings.HasPrefix(s, `"`) && json.Unmarshal(raw, &s) != nil || s == "null" {
			continue
		}
		texts = append(texts, s)
	}
	return texts
}

// words returns the values that may stand in a sentence.
func (r request) words() []string {
	return slices.DeleteFunc(r.texts(), func(s string) bool { return !isWord(s) })
}

// addresses returns the values that are IP addresses, in their usual form.
func (r request) addresses() []string {
	var out []string
	for _, s := range r.texts() {
		if ip, err := netip.ParseAddr(s); err == nil {
			out = append(out, ip.Unmap().WithZone("").String())
		}
	}
	return out
}

// isWord reports whether s is short and of letters, digits and "-._:", which
// mean nothing to a terminal, a shell or a web page.
func isWord(s string) bool { return s != "" && len(s) <= maxValueLen && ofChars(s, "-._:") }

// ofChars reports whether s is of letters and digits of ASCII and of others.
func ofChars(s, others string) bool {
	for i := range len(s) {
		c := s[i]
		if letter := 'a' <= c|0x20 && c|0x20 <= 'z'; !letter && (c < '0' || c > '9') && strings.IndexByte(others, c) < 0 {
			return false
		}
	}
	return true
}
