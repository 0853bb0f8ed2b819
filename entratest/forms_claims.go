package entratest

import (
	"encoding/json"
	"fmt"
	"strings"
)

// The claims of challenges, to the byte as they were seen. nbf is a string, the
// time of the challenge and not of the event.

func graphClaims(d decision, now int64) string {
	if d.kind == revokedToken && d.cut.code != codeLocation {
		return fmt.Sprintf(`{"access_token":{"nbf":{"essential":true, "value":"%d"}}}`, now)
	}
	return plainClaims(d, now)
}

// plainClaims are Graph's without the blank.
func plainClaims(d decision, now int64) string {
	switch {
	case d.kind == weakToken:
		return contextClaims(d.contexts)
	case d.cut.code == codeLocation:
		return fmt.Sprintf(`{"access_token":{"nbf":{"essential":true,"value":"%d"},"xms_rp_ipaddr":{"value":%s}}}`, now, quoted(d.cut.ip))
	}
	return fmt.Sprintf(`{"access_token":{"nbf":{"essential":true,"value":"%d"}}}`, now)
}

// armClaims name the contexts in a list even if it is one.
func armClaims(d decision, now int64) string {
	if d.kind == weakToken {
		return fmt.Sprintf(`{"access_token":{"acrs":{"essential":true,"values":%s}}}`, quoted(d.contexts))
	}
	return plainClaims(d, now)
}

// caeErrorClaims hold a code, of which 10012 is the only one seen.
func caeErrorClaims(d decision, now int64) string {
	if d.kind == weakToken || d.cut.code == codeLocation {
		return plainClaims(d, now)
	}
	return fmt.Sprintf(`{"access_token":{"nbf":{"essential":true,"value":"%d"},"xms_caeerror":{"value":"10012"}}}`, now)
}

// addressClaims tell the address for every reason.
func addressClaims(d decision, now int64) string {
	if d.kind == weakToken {
		return contextClaims(d.contexts)
	}
	return fmt.Sprintf(`{"access_token":{"nbf":{"essential":true,"value":"%d"},"xms_rp_ipaddr":{"value":%s}}}`, now, quoted(d.cut.ip))
}

func onlyAddressClaims(d decision, _ int64) string {
	if d.kind == weakToken {
		return contextClaims(d.contexts)
	}
	return fmt.Sprintf(`{"access_token":{"xms_rp_ipaddr":{"essential":true,"value":%s}}}`, quoted(d.cut.ip))
}

// unpaddedClaims have a length that would need padding.
func unpaddedClaims(d decision, now int64) string {
	claims := graphClaims(d, now)
	if len(claims)%3 == 0 {
		claims = strings.Replace(claims, "{", "{ ", 1)
	}
	return claims
}

// urlAlphabetClaims are not the same in both alphabets, as claims in plain ASCII
// are. What makes the difference is asked of no token.
func urlAlphabetClaims(d decision, now int64) string {
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
	must(err)
	return string(b)
}
