// Package jwt reads what JWTs say that others check.
package jwt

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"
)

// Claims are what we read of a JWT's payload (RFC 7519 section 4.1).
type Claims struct {
	Issuer    string   `json:"iss"`
	Tenant    string   `json:"tid"` // Entra's
	Nonce     string   `json:"nonce"`
	Audience  Audience `json:"aud"`
	Expires   float64  `json:"exp"` // NumericDate: seconds, possibly with a fraction
	NotBefore float64  `json:"nbf"`
}

// An Audience is one recipient or several (RFC 7519 section 4.1.3).
type Audience []string

// UnmarshalJSON reads either form.
func (a *Audience) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*a = Audience{one}
		return nil
	}
	return json.Unmarshal(data, (*[]string)(a))
}

// Read reads the payload of a signed JWT (RFC 7519 section 3) without
// checking its signature: it is for tokens that Entra has just sent over TLS,
// and to know when to ask and what to say of others. ok is false for what is not such a token.
func Read(token string) (c Claims, ok bool) {
	_, rest, dotted := strings.Cut(token, ".")
	payload, _, closed := strings.Cut(rest, ".")
	if !dotted || !closed {
		return c, false
	}
	data, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(payload, "="))
	return c, err == nil && json.Unmarshal(data, &c) == nil
}

// Ends returns when the token expires, or the zero time if it does not say.
func (c Claims) Ends() time.Time {
	if c.Expires <= 0 || c.Expires > 1<<40 {
		return time.Time{}
	}
	return time.Unix(int64(c.Expires), 0)
}

// Skew is how far another machine's clock may be from ours: what Microsoft
// allows for where it checks tokens.
const Skew = 5 * time.Minute

// Expired reports whether the token has, by any clock that may be right. A token
// that does not say has not.
func (c Claims) Expired() bool {
	ends := c.Ends()
	return !ends.IsZero() && time.Now().After(ends.Add(Skew))
}
