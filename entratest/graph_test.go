package entratest_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A program may revoke sessions by itself, its own included.
func TestRevokeSignInSessions(t *testing.T) {
	s := newServer(t)
	app := newNativeApp(t, s)
	first := app.signIn(cp1)
	a := call(t, s, first.token(), "POST", "/me/revokeSignInSessions", "")
	assert.Equal(t, 200, a.status)
	assert.Equal(t, true, a.json["value"])
	assert.True(t, strings.HasSuffix(a.text("@odata.context"), "/v1.0/$metadata#Edm.Boolean"), a.text("@odata.context"))
	assert.Contains(t, challengeOf(t, call(t, s, first.token(), "GET", "/me", "")), "nbf")
	assert.Equal(t, 50173, app.refresh(first.text("refresh_token"), "").code())

	second := app.signIn(cp1)
	admin := post(t, s, daemon(s, cp1)).token()
	assert.Equal(t, 200, call(t, s, admin, "POST", "/users/"+s.Username()+"/revokeSignInSessions", "").status)
	assert.Equal(t, 401, call(t, s, second.token(), "GET", "/me", "").status)
	assert.Equal(t, 404, call(t, s, admin, "POST", "/users/nobody/revokeSignInSessions", "").status)
	assert.Equal(t, 404, call(t, s, admin, "POST", "/me/revokeSignInSessions", "").status, "an application has no sessions")
}

// The requests within a batch count as ones of their own, and are challenged as
// such.
func TestBatch(t *testing.T) {
	s := newServer(t)
	token := newNativeApp(t, s).signIn(cp1).token()
	const batch = `{"requests":[{"id":"1","method":"GET","url":"/me"},{"id":"2","method":"GET","url":"/users"}]}`
	require.Equal(t, 200, call(t, s, token, "POST", "/$batch", batch).status)
	assert.Equal(t, 3, s.Stats().APICalls, "the batch and two within it")

	// A path that demands more is refused within the batch, in the headers.
	s.RequireAuthContextAt("/users", "c1")
	a := call(t, s, token, "POST", "/$batch", batch)
	require.Equal(t, 200, a.status)
	var answers struct {
		Responses []struct {
			Status  int
			Headers map[string]string
		}
	}
	require.NoError(t, json.Unmarshal(a.body, &answers))
	require.Len(t, answers.Responses, 2)
	assert.Equal(t, 200, answers.Responses[0].Status)
	assert.Equal(t, 401, answers.Responses[1].Status)
	assert.Contains(t, answers.Responses[1].Headers["Www-Authenticate"], insufficient(stepUp))
	assert.Equal(t, 1, s.Stats().Challenges)

	// A revoked token is the batch's own.
	s.Revoke(s.Username())
	refused := call(t, s, token, "POST", "/$batch", batch)
	assert.Equal(t, 401, refused.status)
	assert.Contains(t, challengeOf(t, refused), "nbf")
}
