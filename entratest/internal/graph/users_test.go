package graph

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Properties of a profile have the types that Graph's have.
func TestProfileProperties(t *testing.T) {
	s := newAPI(t)
	change := `{"mobilePhone":null,"businessPhones":["+44 20 7946 0000"],"accountEnabled":true,"displayName":"Countess Lovelace"}`
	require.Equal(t, 204, s.call(t, "PATCH", "/me", change).status)
	me := s.call(t, "GET", "/me?$select=mobilePhone,businessPhones,accountEnabled,displayName", "").json
	delete(me, "@odata.context")
	var want map[string]any
	require.NoError(t, json.Unmarshal([]byte(change), &want))
	assert.Equal(t, want, me)

	many := map[string]int{}
	for i := range 1001 {
		many[fmt.Sprint("extension", i)] = i
	}
	text, err := json.Marshal(many)
	require.NoError(t, err)
	assert.Equal(t, 400, s.call(t, "PATCH", "/me", string(text)).status)
}
