package tokensource

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/big"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/msalcae/msalcae/wwwauth"
)

// A demand is what a claims challenge asks of the next access token: the
// members of its access_token object, decoded. It is never changed once made.
//
// Claims are hostile input. A demand holds only what parseDemand let through:
// no duplicate names, no number that JSON libraries round, and not xms_cc,
// which is the client's to say and makes MSAL refuse the request.
type demand map[string]any

// maxSafeInteger is the largest integer that every JSON implementation keeps.
var maxSafeInteger = big.NewInt(1 << 53)

// parseDemand reads a decoded claims challenge. Its errors wrap
// wwwauth.ErrMalformedClaims. A challenge that asks nothing of the access
// token gives an empty demand: a newer token will do.
func parseDemand(claims string) (demand, error) {
	if len(claims) > maxDemandBytes || !utf8.ValidString(claims) {
		return nil, fmt.Errorf("%w: larger than 8 KiB or not UTF-8", wwwauth.ErrMalformedClaims)
	}
	dec := json.NewDecoder(strings.NewReader(claims))
	dec.UseNumber()
	v, err := decodeStrict(dec, 0)
	if err == nil {
		if _, more := dec.Token(); more != io.EOF {
			err = fmt.Errorf("text follows the object")
		}
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", wwwauth.ErrMalformedClaims, err)
	}
	top, ok := v.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%w: not a JSON object", wwwauth.ErrMalformedClaims)
	}
	member, present := top["access_token"]
	if !present {
		return demand{}, nil
	}
	d, ok := member.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%w: access_token is not an object", wwwauth.ErrMalformedClaims)
	}
	delete(d, "xms_cc")
	return d, nil
}

// Claims may come from elsewhere than wwwauth.Claims, which has such limits of
// its own.
const (
	maxDemandBytes = 8 << 10
	maxDemandDepth = 16
)

func decodeStrict(dec *json.Decoder, depth int) (any, error) {
	if depth > maxDemandDepth {
		return nil, fmt.Errorf("nested too deeply")
	}
	t, err := dec.Token()
	if err != nil {
		return nil, fmt.Errorf("not JSON")
	}
	switch t := t.(type) {
	case json.Number:
		return t, checkNumber(t)
	case json.Delim:
		if t == '[' {
			return decodeArray(dec, depth)
		}
		return decodeObject(dec, depth)
	default:
		return t, nil
	}
}

func decodeArray(dec *json.Decoder, depth int) (any, error) {
	list := []any{}
	for dec.More() {
		v, err := decodeStrict(dec, depth+1)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	_, err := dec.Token()
	return list, err
}

func decodeObject(dec *json.Decoder, depth int) (any, error) {
	object := map[string]any{}
	for dec.More() {
		t, err := dec.Token()
		name, ok := t.(string)
		if err != nil || !ok {
			return nil, fmt.Errorf("not JSON")
		}
		if _, twice := object[name]; twice {
			return nil, fmt.Errorf("a name occurs twice in one object")
		}
		if object[name], err = decodeStrict(dec, depth+1); err != nil {
			return nil, err
		}
	}
	_, err := dec.Token()
	return object, err
}

// checkNumber refuses what MSAL's float64 would change on the way to Entra.
func checkNumber(n json.Number) error {
	if i, ok := new(big.Int).SetString(n.String(), 10); ok && i.CmpAbs(maxSafeInteger) <= 0 {
		return nil
	}
	f, err := n.Float64()
	if err != nil || strings.ContainsAny(n.String(), "eE") || f >= 1<<53 || f <= -(1<<53) {
		return fmt.Errorf("a number is too large to be passed on unchanged")
	}
	return nil
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
	return acrs && !nbf && len(d.lasting()) == 1
}

// substance is the meaning of d in a canonical form: equal for demands that
// one token satisfies. It is "" if d asks only for a newer token.
func (d demand) substance() string {
	lasting := d.lasting()
	if len(lasting) == 0 {
		return ""
	}
	canonical := make(map[string]any, len(lasting))
	for name, v := range lasting {
		canonical[name] = canonicalClaim(v)
	}
	return encode(canonical)
}

// lasting is d without noise: what a later token must satisfy as well.
func (d demand) lasting() demand {
	l := demand{}
	for name, v := range d {
		if !noise(name) {
			l[name] = v
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
	if len(both.claims()) > maxDemandBytes {
		return d
	}
	return both
}

// covers reports whether a token obtained with d satisfies other too.
func (d demand) covers(other demand) bool {
	for name, v := range other.lasting() {
		have, ok := d[name]
		if !ok || encode(canonicalClaim(have)) != encode(canonicalClaim(v)) {
			return false
		}
	}
	return true
}

// conflicts reports whether d and other ask something lasting of one member,
// but not the same.
func (d demand) conflicts(other demand) bool {
	for name, v := range other.lasting() {
		if have, ok := d[name]; ok && encode(canonicalClaim(have)) != encode(canonicalClaim(v)) {
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
	return encode(map[string]any{"access_token": map[string]any(d)})
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
