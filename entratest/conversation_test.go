package entratest_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A revocation, from the user's first call to the one after the new sign-in.
func TestRevocationOfAUser(t *testing.T) {
	s := newServer(t)
	app := newNativeApp(t, s)
	first := app.signIn(cp1)
	require.Equal(t, 200, first.status, "%s", first.body)
	require.Equal(t, 200, call(t, s, first.token(), "GET", "/me", "").status)

	s.Revoke(s.Username())
	refused := call(t, s, first.token(), "GET", "/me", "")
	require.Equal(t, 401, refused.status)
	assert.Contains(t, string(refused.body), "TokenIssuedBeforeRevocationTimestamp")
	claims := merge(t, challengeOf(t, refused))

	silent := app.refresh(first.text("refresh_token"), claims)
	assert.Equal(t, 400, silent.status)
	assert.Equal(t, "invalid_grant", silent.text("error"))
	assert.Equal(t, "bad_token", silent.text("suberror"))
	assert.Equal(t, 50173, silent.code())

	second := app.signIn(claims)
	require.Equal(t, 200, second.status, "%s", second.body)
	assert.Equal(t, 200, call(t, s, second.token(), "GET", "/me", "").status)
	assert.Equal(t, 200, app.refresh(second.text("refresh_token"), claims).status)
	assert.Equal(t, 401, call(t, s, first.token(), "GET", "/me", "").status, "the first token stays revoked")

	st := s.Stats()
	assert.Equal(t, 2, st.Prompts)
	assert.Equal(t, 2, st.SignIns)
	assert.Equal(t, 2, st.Challenges)
	assert.Equal(t, 4, st.TokenRequests)
	assert.Equal(t, 1, st.TokenErrors)
	assert.Equal(t, 2, st.CodeRequests)
	assert.Equal(t, 2, st.RefreshRequests)
}

// Everything happens within one second here: iat cannot tell old from new.
func TestEventsThatLeaveRefreshTokensAlive(t *testing.T) {
	s := newServer(t)
	app := newNativeApp(t, s)
	for name, change := range map[string]func(){
		"TokenCreatedWithOutdatedPolicies":     func() { s.ChangePolicy(s.Username()) },
		"LocationConditionEvaluationSatisfied": func() { s.MoveIP(s.Username(), "203.0.113.7") },
	} {
		t.Run(name, func(t *testing.T) {
			first := app.signIn(cp1)
			require.Equal(t, 200, first.status, "%s", first.body)
			change()
			refused := call(t, s, first.token(), "GET", "/me", "")
			require.Equal(t, 401, refused.status)
			assert.Contains(t, string(refused.body), name)
			challenge := challengeOf(t, refused)
			assert.Equal(t, strings.HasPrefix(name, "Location"), strings.Contains(challenge, `"xms_rp_ipaddr":{"value":"203.0.113.7"}`))

			second := app.refresh(first.text("refresh_token"), merge(t, challenge))
			require.Equal(t, 200, second.status, "%s", second.body)
			assert.Equal(t, 200, call(t, s, second.token(), "GET", "/me", "").status)
			assert.Equal(t, 401, call(t, s, first.token(), "GET", "/me", "").status)
		})
	}
}

func TestRevocationOfADaemon(t *testing.T) {
	s := newServer(t)
	first := post(t, s, daemon(s, cp1))
	require.Equal(t, 200, first.status, "%s", first.body)
	require.Equal(t, 200, call(t, s, first.token(), "GET", "/users", "").status)
	s.Revoke(s.ClientID())
	refused := call(t, s, first.token(), "GET", "/users", "")
	require.Equal(t, 401, refused.status)
	second := post(t, s, daemon(s, merge(t, challengeOf(t, refused))))
	require.Equal(t, 200, second.status, "%s", second.body)
	assert.Equal(t, 200, call(t, s, second.token(), "GET", "/users", "").status)
}

func TestAuthContext(t *testing.T) {
	s := newServer(t)
	app := newNativeApp(t, s)
	first := app.signIn(cp1)
	s.RequireAuthContext("c1")
	refused := call(t, s, first.token(), "GET", "/me", "")
	require.Equal(t, 401, refused.status)
	challenge := challengeOf(t, refused)
	assert.Equal(t, `{"access_token":{"acrs":{"essential":true,"value":"c1"}}}`, challenge)

	silent := app.refresh(first.text("refresh_token"), merge(t, challenge))
	assert.Equal(t, 400, silent.status)
	assert.Equal(t, "invalid_grant", silent.text("error"))
	assert.Equal(t, "basic_action", silent.text("suberror"))
	assert.Equal(t, 50076, silent.code())

	second := app.signIn(merge(t, challenge))
	require.Equal(t, 200, second.status, "%s", second.body)
	assert.Equal(t, []any{"c1"}, payload(t, second.token())["acrs"])
	assert.Equal(t, 200, call(t, s, second.token(), "GET", "/me", "").status)
	assert.Equal(t, 200, app.refresh(second.text("refresh_token"), merge(t, challenge)).status, "the sign-in has satisfied c1")

	plain := post(t, s, daemon(s, ""))
	assert.Equal(t, http.StatusForbidden, call(t, s, plain.token(), "GET", "/users", "").status, "without cp1")

	s.RequireAuthContext()
	assert.Equal(t, 200, call(t, s, first.token(), "GET", "/me", "").status)
	assert.Equal(t, 2, s.Stats().Prompts)
}
