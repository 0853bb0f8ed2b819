package tokensource

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"
)

// A jwtClaims is what we read of a JWT that others check.
type jwtClaims struct {
	Nonce    string   `json:"nonce"`
	Audience audience `json:"aud"`
	Expires  float64  `json:"exp"` // NumericDate: seconds, possibly with a fraction
}

// An audience is one recipient or several (RFC 7519 section 4.1.3).
type audience []string

// UnmarshalJSON reads either form.
func (a *audience) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*a = audience{one}
		return nil
	}
	return json.Unmarshal(data, (*[]string)(a))
}

// readJWT reads the payload of a signed JWT (RFC 7519 section 3) without
// checking its signature: what is read decides nothing but when to ask and what
// to say. ok is false for what is not such a token.
func readJWT(token string) (c jwtClaims, ok bool) {
	_, rest, dotted := strings.Cut(token, ".")
	payload, _, closed := strings.Cut(rest, ".")
	if !dotted || !closed {
		return c, false
	}
	data, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(payload, "="))
	return c, err == nil && json.Unmarshal(data, &c) == nil
}

// ends returns when the token expires, or the zero time if it does not say.
func (c jwtClaims) ends() time.Time {
	if c.Expires <= 0 || c.Expires > 1<<40 {
		return time.Time{}
	}
	return time.Unix(int64(c.Expires), 0)
}

// clockSkew is how far another machine's clock may be from ours: what Microsoft
// allows for where it checks tokens.
const clockSkew = 5 * time.Minute
