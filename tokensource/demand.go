package tokensource

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// A demand is what a claims challenge asks of the next access token: the
// members of its access_token object. It is never changed once made, and all
// that is compared is written down when it is made, so that a storm of
// challenges is compared under a lock without work.
//
// Claims are hostile input. A demand holds only what parseDemand let through:
// no duplicate names, no number that JSON libraries round, and not xms_cc,
// which is the client's to say and makes MSAL refuse the request.
type demand map[string]claim

// A claim is one member of a demand, as JSON.
type claim struct {
	text    string // as it was asked for
	meaning string // equal for claims that one token satisfies; "" for noise
}

func demandOf(members map[string]any) demand {
	d := make(demand, len(members))
	for name, v := range members {
		c := claim{text: encode(v)}
		if !noise(name) {
			c.meaning = encode(canonicalClaim(v))
		}
		d[name] = c
	}
	return d
}

// noise are the members that say when and from where a challenge was made, not
// what is asked: a thousand 401s carry many of their values and one meaning.
func noise(name string) bool {
	return name == "nbf" || name == "xms_rp_ipaddr" || name == "xms_caeerror"
}

// stepUp reports whether d asks for authentication contexts and nothing else,
// which leaves the token that was sent good for everything else. With nbf it
// asks for a newer token too.
func (d demand) stepUp() bool {
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
func (d demand) substance() string {
	return d.object(func(name string, c claim) string { return c.meaning })
}

// object writes the members that text gives something for as a JSON object with
// sorted names; "" if there are none.
func (d demand) object(text func(name string, c claim) string) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(d)) {
		if t := text(name, d[name]); t != "" {
			b.WriteString([...]string{"{", ","}[min(b.Len(), 1)] + encode(name) + ":" + t)
		}
	}
	if b.Len() > 0 {
		b.WriteString("}")
	}
	return b.String()
}

// lasting is d without noise: what a later token must satisfy as well.
func (d demand) lasting() demand {
	l := demand{}
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
func (d demand) over(base demand) demand {
	if len(base) == 0 {
		return d
	}
	both := make(demand, len(d)+len(base))
	maps.Copy(both, base)
	maps.Copy(both, d)
	if both.size() > maxDemandBytes {
		return d
	}
	return both
}

// size is about the length of d's claims.
func (d demand) size() int {
	n := len(`{"access_token":{}}`)
	for name, c := range d {
		n += len(name) + len(c.text) + len(`"":,`)
	}
	return n
}

// covers reports whether a token obtained with d satisfies other too.
func (d demand) covers(other demand) bool {
	for name, c := range other {
		if !noise(name) && d[name].meaning != c.meaning {
			return false
		}
	}
	return true
}

// conflicts reports whether d and other ask something lasting of one member,
// but not the same.
func (d demand) conflicts(other demand) bool {
	for name, c := range other {
		if have, ok := d[name]; ok && !noise(name) && have.meaning != c.meaning {
			return true
		}
	}
	return false
}

// claims is d as the claims parameter of a token request; "{}", a new token,
// if it asks for nothing else.
func (d demand) claims() string {
	if len(d) == 0 {
		return "{}"
	}
	return `{"access_token":` + d.object(func(_ string, c claim) string { return c.text }) + "}"
}

// claimsIfAny is d as the claims parameter of an authorize request, which brings
// a new token without being asked to.
func (d demand) claimsIfAny() string {
	if len(d) == 0 {
		return ""
	}
	return d.claims()
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
