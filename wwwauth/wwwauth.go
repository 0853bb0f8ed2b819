// Package wwwauth reads WWW-Authenticate headers and the claims challenges in
// them.
package wwwauth

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
)

// ErrMalformedClaims is wrapped by the errors of Claims.
var ErrMalformedClaims = errors.New("wwwauth: malformed claims challenge")

// A Challenge is one challenge of a WWW-Authenticate header.
type Challenge struct {
	Scheme, Token68 string
	Params          map[string]string // names in lower case
}

// Parse reads challenges that hold quoted parameters.
func Parse(h http.Header) []Challenge {
	var all []Challenge
	for _, v := range h.Values("Www-Authenticate") {
		scheme, rest, _ := strings.Cut(v, " ")
		c := Challenge{Scheme: scheme, Params: map[string]string{}}
		for rest != "" {
			name, after, ok := strings.Cut(rest, `="`)
			value, next, closed := strings.Cut(after, `"`)
			if !ok || !closed {
				break
			}
			c.Params[strings.ToLower(strings.Trim(name, ", "))] = value
			rest = next
		}
		all = append(all, c)
	}
	return all
}

// Claims returns the decoded claims challenge of resp, or "".
func Claims(resp *http.Response) (string, error) {
	for _, c := range Parse(resp.Header) {
		if !strings.EqualFold(c.Scheme, "Bearer") || c.Params["error"] != "insufficient_claims" {
			continue
		}
		b, err := base64.StdEncoding.DecodeString(c.Params["claims"])
		var object map[string]json.RawMessage
		if err != nil || json.Unmarshal(b, &object) != nil || object == nil {
			return "", ErrMalformedClaims
		}
		return string(b), nil
	}
	return "", nil
}
