package engine

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// A Demand is what a claims challenge asks of the next access token: the
// members of its access_token object. It is never changed once made, and all
// that is compared is written down when it is made, so that a storm of
// challenges is compared under a lock without work.
//
// Claims are hostile input. A Demand holds only what ParseDemand let through:
// no duplicate names, no number that JSON libraries round, and not xms_cc,
// which is the client's to say and makes MSAL refuse the request.
type Demand map[string]claim

// A claim is one member of a demand, as JSON.
type claim struct {
	text    string // as it was asked for
	meaning string // equal for claims that one token satisfies; "" for noise
}

// claimOf is the member called name, whose value is compact JSON.
func claimOf(name, value string) claim {
	if noise(name) {
		return claim{text: value}
	}
	return claim{value, encode(canonicalClaim(decode(value)))}
}

// noise are the members that say when and from where a challenge was made, not
// what is asked: a thousand 401s carry many of their values and one meaning.
func noise(name string) bool {
	return name == "nbf" || name == "xms_rp_ipaddr" || name == "xms_caeerror"
}

// stepUp reports whether d asks for authentication contexts and nothing else,
// which leaves the token that was sent good for everything else. With nbf it
// asks for a newer token too.
func (d Demand) stepUp() bool {
	_, acrs := d["acrs"]
	_, nbf := d["nbf"]
	lasting := 0
	for name := range d {
		if !noise(name) {
			lasting++
		}
	}
	return acrs && !nbf && lasting == 1
}

// substance is the meaning of d in a canonical form: equal for demands that
// one token satisfies. It is "" if d asks only for a newer token.
func (d Demand) substance() string {
	return d.object(func(name string, c claim) string { return c.meaning })
}

// object writes the members that text gives something for as a JSON object with
// sorted names; "" if there are none.
func (d Demand) object(text func(name string, c claim) string) string {
	var b strings.Builder
	names := make([]string, 0, 8)
	for name := range d {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if t := text(name, d[name]); t != "" {
			b.WriteString([...]string{"{", ","}[min(b.Len(), 1)])
			b.WriteString(quote(name))
			b.WriteByte(':')
			b.WriteString(t)
		}
	}
	if b.Len() > 0 {
		b.WriteByte('}')
	}
	return b.String()
}

// lasting is d without noise: what a later token must satisfy as well.
func (d Demand) lasting() Demand {
	l := Demand{}
	for name, c := range d {
		if !noise(name) {
			l[name] = c
		}
	}
	return l
}

// canonicalClaim writes value as values and sorts them: OIDC Core section
// 5.5.1 gives both one meaning, any of them.
func canonicalClaim(v any) any {
	object, ok := v.(map[string]any)
	if !ok {
		return v
	}
	object = maps.Clone(object)
	values, _ := object["values"].([]any)
	if one, ok := object["value"]; ok && values == nil {
		delete(object, "value")
		object["values"] = []any{one}
	} else if values != nil {
		sorted := slices.Clone(values)
		slices.SortFunc(sorted, func(a, b any) int { return strings.Compare(encode(a), encode(b)) })
		object["values"] = sorted
	}
	return object
}

// over lays d over base, member by member: d wins. The values of a member are
// never united, which would ask for less than either. What would be larger
// than one challenge may be is d alone: it ends up in a URL.
func (d Demand) over(base Demand) Demand {
	if len(base) == 0 {
		return d
	}
	both := make(Demand, len(d)+len(base))
	maps.Copy(both, base)
	maps.Copy(both, d)
	if both.size() > maxDemandBytes {
		return d
	}
	return both
}

// size is about the length of d's claims.
func (d Demand) size() int {
	n := len(`{"access_token":{}}`)
	for name, c := range d {
		n += len(name) + len(c.text) + len(`"":,`)
	}
	return n
}

// covers reports whether a token obtained with d satisfies other too.
func (d Demand) covers(other Demand) bool {
	for name, c := range other {
		if !noise(name) && d[name].meaning != c.meaning {
			return false
		}
	}
	return true
}

// conflicts reports whether d and other ask something lasting of one member,
// but not the same.
func (d Demand) conflicts(other Demand) bool {
	for name, c := range other {
		if have, ok := d[name]; ok && !noise(name) && have.meaning != c.meaning {
			return true
		}
	}
	return false
}

// Claims is d as the claims parameter of a token request; "{}", a new token,
// if it asks for nothing else.
func (d Demand) Claims() string {
	if len(d) == 0 {
		return "{}"
	}
	return `{"access_token":` + d.object(func(_ string, c claim) string { return c.text }) + "}"
}

// claimsIfAny is d as the claims parameter of an authorize request, which brings
// a new token without being asked to.
func (d Demand) claimsIfAny() string {
	if len(d) == 0 {
		return ""
	}
	return d.Claims()
}

// encode writes v as JSON with sorted names. Every v comes from JSON, so it
// cannot fail.
func encode(v any) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(v)
	return strings.TrimSuffix(b.String(), "\n")
}

// decode reads JSON that is known to be valid. Numbers keep their text.
func decode(text string) (v any) {
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	_ = dec.Decode(&v)
	return v
}

// quote is encode of a string, which costs little if it is a word.
func quote(s string) string {
	for _, c := range []byte(s) {
		if c != '_' && (c < '0' || c > '9' && c < 'A' || c > 'Z' && c < 'a' || c > 'z') {
			return encode(s)
		}
	}
	return `"` + s + `"`
}
