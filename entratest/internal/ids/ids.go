// Package ids makes what entratest calls things: GUIDs, and handles that nobody
// can guess.
package ids

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
)

// Random returns n random bytes.
func Random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}

// Secret returns an unguessable handle: code, refresh token, cookie.
func Secret() string { return base64.RawURLEncoding.EncodeToString(Random(24)) }

// NewGUID returns a random GUID.
func NewGUID() string { return guid(Random(16)) }

// GUIDOf derives a GUID from a name: always the same one.
func GUIDOf(name string) string {
	sum := sha256.Sum256([]byte(name))
	return guid(sum[:16])
}

func guid(b []byte) string {
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
