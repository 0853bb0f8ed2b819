package entratest

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
)

func randomBytes(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}

// secretString is an unguessable handle: code, refresh token, cookie.
func secretString() string { return base64.RawURLEncoding.EncodeToString(randomBytes(24)) }

func newGUID() string { return guid(randomBytes(16)) }

// guidOf derives a GUID from a name.
func guidOf(name string) string {
	sum := sha256.Sum256([]byte(name))
	return guid(sum[:16])
}

func guid(b []byte) string {
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

func hasFold(list []string, want string) bool {
	for _, v := range list {
		if strings.EqualFold(v, want) {
			return true
		}
	}
	return false
}
