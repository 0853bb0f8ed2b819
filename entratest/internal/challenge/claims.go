package challenge

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Location is the code of a challenge for where the client is.
const Location = "LocationConditionEvaluationSatisfied"

// A Demand is what a challenge asks for: authentication contexts, any one of
// which will do, or else a token that is newer than an event.
type Demand struct {
	Contexts []string
	Code     string // of the event, as Graph names it
	IP       string // that the API sees
}

// The claims of challenges, to the byte as they were seen. nbf is a string, the
// time of the challenge and not of the event.

func graphClaims(d Demand, now int64) string {
	if len(d.Contexts) == 0 && d.Code != Location {
		return fmt.Sprintf(`{"access_token":{"nbf":{"essential":true, "value":"%d"}}}`, now)
	}
	return plainClaims(d, now)
}

// plainClaims are Graph's without the blank.
func plainClaims(d Demand, now int64) string {
	switch {
	case len(d.Contexts) > 0:
		return contextClaims(d.Contexts)
	case d.Code == Location:
		return fmt.Sprintf(`{"access_token":{"nbf":{"essential":true,"value":"%d"},"xms_rp_ipaddr":{"value":%s}}}`, now, quoted(d.IP))
	}
	return fmt.Sprintf(`{"access_token":{"nbf":{"essential":true,"value":"%d"}}}`, now)
}

// armClaims name the contexts in a list even if it is one.
func armClaims(d Demand, now int64) string {
	if len(d.Contexts) > 0 {
		return fmt.Sprintf(`{"access_token":{"acrs":{"essential":true,"values":%s}}}`, quoted(d.Contexts))
	}
	return plainClaims(d, now)
}

// caeErrorClaims hold a code, of which 10012 is the only one seen.
func caeErrorClaims(d Demand, now int64) string {
	if len(d.Contexts) > 0 || d.Code == Location {
		return plainClaims(d, now)
	}
	return fmt.Sprintf(`{"access_token":{"nbf":{"essential":true,"value":"%d"},"xms_caeerror":{"value":"10012"}}}`, now)
}

// addressClaims tell the address for every reason.
func addressClaims(d Demand, now int64) string {
	if len(d.Contexts) > 0 {
		return contextClaims(d.Contexts)
	}
	return fmt.Sprintf(`{"access_token":{"nbf":{"essential":true,"value":"%d"},"xms_rp_ipaddr":{"value":%s}}}`, now, quoted(d.IP))
}

func onlyAddressClaims(d Demand, _ int64) string {
	if len(d.Contexts) > 0 {
		return contextClaims(d.Contexts)
	}
	return fmt.Sprintf(`{"access_token":{"xms_rp_ipaddr":{"essential":true,"value":%s}}}`, quoted(d.IP))
}

// unpaddedClaims have a length that would need padding.
func unpaddedClaims(d Demand, now int64) string {
	claims := graphClaims(d, now)
	if len(claims)%3 == 0 {
		claims = strings.Replace(claims, "{", "{ ", 1)
	}
	return claims
}

// urlAlphabetClaims are not the same in both alphabets, as claims in plain ASCII
// are. What makes the difference is asked of no token.
func urlAlphabetClaims(d Demand, now int64) string {
	return strings.TrimSuffix(graphClaims(d, now), "}") + `,"note":"???>>>"}`
}

func contextClaims(ids []string) string {
	if len(ids) == 1 {
		return fmt.Sprintf(`{"access_token":{"acrs":{"essential":true,"value":%s}}}`, quoted(ids[0]))
	}
	return fmt.Sprintf(`{"access_token":{"acrs":{"essential":true,"values":%s}}}`, quoted(ids))
}

func quoted(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // texts can be
	}
	return string(b)
}
