package nodetest

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/msalcae/msalcae/entratest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// withCapability is what a client must send for a challenge: what the
// challenge asks for, and cp1.
func withCapability(t *testing.T, challenge string) string {
	t.Helper()
	var claims struct {
		AccessToken map[string]any `json:"access_token"`
	}
	require.NoError(t, json.Unmarshal([]byte(challenge), &claims))
	claims.AccessToken["xms_cc"] = map[string]any{"values": []string{"cp1"}}
	text, err := json.Marshal(claims.AccessToken)
	require.NoError(t, err)
	return string(text)
}

func TestNodeConfidential(t *testing.T) {
	s := entratest.NewServer()
	defer s.Close()
	c := run(t, s, "confidential.js", func() { s.Revoke(s.ClientID()) })

	require.Equal(t, 1, c.stats.TokenRequests)
	r := c.tokenRequests()[0]
	assert.Equal(t, "client_credentials", r.Grant)
	assert.JSONEq(t, withCapability(t, c.steps[len(c.steps)-1].Claims), accessToken(t, r.Claims))
}

func TestNodePublic(t *testing.T) {
	s := entratest.NewServer()
	defer s.Close()

	t.Run("session revoked", func(t *testing.T) {
		c := run(t, s, "public.js", func() { s.Revoke(s.Username()) })
		require.Len(t, c.tokenRequests(), 2)
		refused := c.tokenRequests()[0]
		assert.Equal(t, "refresh_token", refused.Grant)
		assert.Equal(t, 50173, refused.AADSTS)
		want := withCapability(t, c.steps[len(c.steps)-1].Claims)
		assert.JSONEq(t, want, accessToken(t, refused.Claims))
		assert.Equal(t, "invalid_grant", c.steps[0].InteractionRequired)
		assert.Equal(t, "bad_token", c.steps[0].Suberror)
		assert.JSONEq(t, want, accessToken(t, asked(t, c.steps[1].Open)))
	})
	t.Run("policy changed", func(t *testing.T) {
		c := run(t, s, "public.js", func() { s.ChangePolicy(s.Username()) })
		require.Len(t, c.tokenRequests(), 1)
		assert.Equal(t, 1, c.stats.RefreshRequests)
		assert.Equal(t, 0, c.stats.Prompts)
	})
	t.Run("step-up", func(t *testing.T) {
		c := run(t, s, "public.js", func() { s.RequireAuthContext("c1") })
		assert.Equal(t, "basic_action", c.steps[0].Suberror)
		assert.Equal(t, 50076, c.steps[0].ErrorNo)
		assert.Equal(t, 1, c.stats.Prompts)
		assert.Contains(t, asked(t, c.steps[1].Open), `"c1"`)
	})
}

func TestNodeDeviceCode(t *testing.T) {
	s := entratest.NewServer()
	defer s.Close()
	s.SetDeviceCodes(entratest.DeviceCodes{Interval: pollEvery})
	c := run(t, s, "device.js", func() { s.Revoke(s.Username()) })

	requests := c.tokenRequests()
	assert.Equal(t, 50173, requests[0].AADSTS)
	assert.Equal(t, "device_code", requests[len(requests)-1].Grant)
	assert.Equal(t, 0, requests[len(requests)-1].AADSTS)
	want := withCapability(t, c.steps[len(c.steps)-1].Claims)
	assert.JSONEq(t, want, accessToken(t, requests[len(requests)-1].Claims))
}

func TestNodeOnBehalfOf(t *testing.T) {
	s := entratest.NewServer()
	defer s.Close()
	c := run(t, s, "onbehalfof.js", func() { s.ChangePolicy(s.Username()) })

	requests := c.tokenRequests()
	last := requests[len(requests)-1]
	assert.Equal(t, 0, last.AADSTS)
	assert.JSONEq(t, withCapability(t, c.steps[len(c.steps)-1].Claims), accessToken(t, last.Claims))
}

// pollEvery is the shortest interval that a server can ask of a device.
const pollEvery = time.Second
