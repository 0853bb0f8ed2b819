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

// A shelf is a map that forgets its oldest entries, so that no client can fill
// the memory of a server that runs for long.
type shelf[V any] struct {
	max     int
	entries map[string]V
	order   []string
}

func newShelf[V any](max int) *shelf[V] {
	return &shelf[V]{max: max, entries: map[string]V{}}
}

func (s *shelf[V]) put(key string, v V) {
	if _, there := s.entries[key]; !there {
		s.order = append(s.order, key)
	}
	s.entries[key] = v
	for len(s.order) > s.max {
		delete(s.entries, s.order[0])
		s.order = s.order[1:]
	}
}

func (s *shelf[V]) get(key string) (V, bool) {
	v, ok := s.entries[key]
	return v, ok
}

func (s *shelf[V]) drop(key string) {
	delete(s.entries, key) // its place in order goes in turn
}
