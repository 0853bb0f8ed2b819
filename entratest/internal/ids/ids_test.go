package ids

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// GUIDs are of RFC 9562's version 4, as Entra's are.
func TestGUIDs(t *testing.T) {
	const form = `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`
	for range 100 {
		assert.Regexp(t, form, NewGUID())
	}
	assert.NotEqual(t, NewGUID(), NewGUID())
	assert.Regexp(t, form, GUIDOf("ada"))
	assert.Equal(t, GUIDOf("ada"), GUIDOf("ada"))
	assert.NotEqual(t, GUIDOf("ada"), GUIDOf("grace"))
}

// A secret has at least the 128 bits that RFC 6749 section 10.10 demands.
func TestSecrets(t *testing.T) {
	assert.Regexp(t, `^[A-Za-z0-9_-]{32}$`, Secret())
	assert.NotEqual(t, Secret(), Secret())
}
