package graph

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// What is posted stays in memory up to a bound, the latest first.
func TestMailboxIsBounded(t *testing.T) {
	s, owner := NewStore(), &belongings{}
	text := json.RawMessage(`"` + strings.Repeat("x", 3<<20) + `"`)
	var last message
	for range 25 {
		last = s.keep(owner, message{"body": text})
	}
	assert.Len(t, owner.messages, 21, "64 MiB")
	assert.Equal(t, last, owner.messages[20])
	for range maxMessages + 7 {
		last = s.keep(owner, message{})
	}
	assert.Len(t, owner.messages, maxMessages)
	assert.Equal(t, last, owner.messages[maxMessages-1])
}
