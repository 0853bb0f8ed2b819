package admin_test

import (
	"bufio"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/msalcae/msalcae/entratest"
	"github.com/msalcae/msalcae/entratest/admin"
)

func TestEvents(t *testing.T) {
	d := newDesk(t, admin.Config{})
	resp, err := http.Get(d.url + "/events")
	require.NoError(t, err)
	defer resp.Body.Close()
	require.Equal(t, "text/event-stream", resp.Header.Get("Content-Type"))
	lines := bufio.NewReader(resp.Body)
	for _, path := range []string{"/v1.0/me", "/v1.0/users", "/v1.0/me"} {
		call, err := d.s.Client().Get(strings.TrimSuffix(d.s.API(), "/v1.0") + path)
		require.NoError(t, err)
		call.Body.Close()
		line, err := lines.ReadString('\n')
		require.NoError(t, err)
		assert.Equal(t, "event: request\n", line)
		line, err = lines.ReadString('\n')
		require.NoError(t, err)
		var r entratest.Request
		require.NoError(t, json.Unmarshal([]byte(strings.TrimPrefix(line, "data: ")), &r))
		assert.Equal(t, path, r.Path)
		assert.Equal(t, 401, r.Status)
		_, err = lines.ReadString('\n')
		require.NoError(t, err)
	}
	d.s.Close() // ends the stream as well
	_, err = lines.ReadString('\n')
	assert.Error(t, err)
}

func TestSessionsAndTokensAreShown(t *testing.T) {
	d := newDesk(t, admin.Config{})
	_, sessions := d.do("GET", "/sessions", "")
	assert.Equal(t, map[string]any{"sessions": []any{}}, sessions)
	_, tokens := d.do("GET", "/tokens", "")
	assert.Equal(t, map[string]any{"tokens": []any{}}, tokens)
	resp, err := d.s.Client().PostForm(d.s.Authority()+"/oauth2/v2.0/token", url.Values{"grant_type": {"client_credentials"},
		"client_id": {d.s.ClientID()}, "client_secret": {d.s.ClientSecret()}, "scope": {d.s.Scope()}})
	require.NoError(t, err)
	resp.Body.Close()
	_, tokens = d.do("GET", "/tokens", "")
	shown := tokens["tokens"].([]any)[0].(map[string]any)
	assert.Equal(t, "accepted", shown["state"])
	assert.Equal(t, d.s.ClientID(), shown["claims"].(map[string]any)["appid"])
}
