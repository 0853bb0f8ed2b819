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

// openID is what MSAL adds to the scopes of a user's token.
const openID = " openid profile offline_access"

func TestNodeConfidential(t *testing.T) {
	s := entratest.NewServer()
	defer s.Close()
	c := run(t, s, "confidential.js", func() { s.Revoke(s.ClientID()) })

	want := map[string]string{"grant_type": "client_credentials", "client_id": s.ClientID(), "client_secret": s.ClientSecret(),
		"scope": s.Scope()} // bare
	require.Len(t, c.first, 1)
	requirePost(t, c.first[0], "token", `{"xms_cc":{"values":["cp1"]}}`, want)
	require.Equal(t, 1, c.stats.TokenRequests)
	require.Len(t, c.last().Posted, 1)
	requirePost(t, c.last().Posted[0], "token", withCapability(t, c.last().Claims), want)
}

func TestNodePublic(t *testing.T) {
	s := entratest.NewServer()
	defer s.Close()
	scope := userScope(s) + openID
	refresh := map[string]string{"grant_type": "refresh_token", "client_id": s.PublicClientID(), "client_info": "1",
		"refresh_token": anything, "scope": scope}

	t.Run("session revoked", func(t *testing.T) {
		c := run(t, s, "public.js", func() { s.Revoke(s.Username()) })
		require.Len(t, c.tokenRequests(), 2)
		assert.Equal(t, 50173, c.tokenRequests()[0].AADSTS)
		assert.Equal(t, "invalid_grant", c.steps[0].InteractionRequired)
		assert.Equal(t, "bad_token", c.steps[0].Suberror)

		want, posted := withCapability(t, c.last().Claims), c.last().Posted
		require.Len(t, posted, 2)
		requirePost(t, posted[0], "token", want, refresh)
		requireAuthorize(t, s, c.steps[1].Open, scope, want, posted[1])
	})
	t.Run("policy changed", func(t *testing.T) {
		c := run(t, s, "public.js", func() { s.ChangePolicy(s.Username()) })
		require.Len(t, c.last().Posted, 1)
		requirePost(t, c.last().Posted[0], "token", withCapability(t, c.last().Claims), refresh)
		assert.Equal(t, 0, c.stats.Prompts)
	})
	t.Run("step-up", func(t *testing.T) {
		c := run(t, s, "public.js", func() { s.RequireAuthContext("c1") })
		assert.Equal(t, "basic_action", c.steps[0].Suberror)
		assert.Equal(t, 50076, c.steps[0].ErrorNo)
		assert.Equal(t, 1, c.stats.Prompts)
		const want = `{"acrs":{"essential":true,"value":"c1"},"xms_cc":{"values":["cp1"]}}`
		require.Len(t, c.last().Posted, 2)
		requireAuthorize(t, s, c.steps[1].Open, scope, want, c.last().Posted[1])
	})
}

func TestNodeDeviceCode(t *testing.T) {
	s := entratest.NewServer()
	defer s.Close()
	s.SetDeviceCodes(entratest.DeviceCodes{Interval: time.Second}) // the shortest that a server can ask of a device
	c := run(t, s, "device.js", func() { s.Revoke(s.Username()) })

	requests := c.tokenRequests()
	assert.Equal(t, 50173, requests[0].AADSTS)
	assert.Equal(t, 0, requests[len(requests)-1].AADSTS)
	posted := c.last().Posted
	require.Equal(t, []string{"refresh_token", "for a device code", "device_code"}, grants(posted))
	want := withCapability(t, c.last().Claims)
	requirePost(t, posted[1], "devicecode", want, map[string]string{"client_id": s.PublicClientID(), "scope": userScope(s) + openID})
	requirePost(t, posted[len(posted)-1], "token", want, map[string]string{"grant_type": "device_code", "device_code": anything,
		"client_id": s.PublicClientID(), "client_info": "1", "scope": userScope(s) + openID})
}

func TestNodeOnBehalfOf(t *testing.T) {
	s := entratest.NewServer()
	defer s.Close()
	c := run(t, s, "onbehalfof.js", func() { s.ChangePolicy(s.Username()) })

	assert.Equal(t, 0, c.tokenRequests()[0].AADSTS)
	require.Len(t, c.last().Posted, 1)
	requirePost(t, c.last().Posted[0], "token", withCapability(t, c.last().Claims), map[string]string{
		"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "requested_token_use": "on_behalf_of", "assertion": anything,
		"client_id": s.ClientID(), "client_secret": s.ClientSecret(), "client_info": "1", "scope": s.Scope() + openID})
}
