package tokensource

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
)

// randomVerifier returns a PKCE code verifier (RFC 7636 section 4.1).
func randomVerifier() string {
	b := make([]byte, 32)
	rand.Read(b)
	return base64.RawURLEncoding.EncodeToString(b)
}

// challengeOf returns the S256 code challenge of a verifier (RFC 7636 section 4.2).
func challengeOf(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
