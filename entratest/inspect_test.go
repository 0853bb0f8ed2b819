package entratest_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/msalcae/msalcae/entratest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSessionsAreShown(t *testing.T) {
	s := newServer(t)
	app := newNativeApp(t, s)
	assert.Empty(t, s.Sessions())
	s.RequireAuthContext("c1")
	app.signIn(merge(t, `{"access_token":{"acrs":{"essential":true,"value":"c1"}}}`))
	require.Len(t, s.Sessions(), 1)
	session := s.Sessions()[0]
	assert.Equal(t, s.Username(), session.User)
	assert.Equal(t, []string{"c1"}, session.Contexts)
	assert.Equal(t, []string{s.PublicClientID()}, session.Apps)
	s.Revoke(s.Username())
	assert.Empty(t, s.Sessions())
}

func TestIssuedTokensAreShown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := entratest.NewMemoryServer()
		defer s.Close()
		first := post(t, s, daemon(s, cp1)).token()
		call(t, s, first, "GET", "/users", "")
		require.Len(t, s.Tokens(), 1)
		shown := s.Tokens()[0]
		calls := s.Requests(entratest.APIEndpoint)
		assert.Equal(t, calls[0].TokenSHA256, shown.SHA256, "so that requests and tokens can be told to belong together")
		assert.Equal(t, entratest.TokenAccepted, shown.State)
		assert.Contains(t, string(shown.Claims), `"xms_cc":["cp1"]`)
		assert.NotContains(t, string(shown.Claims), first[len(first)-20:])

		s.Revoke(s.ClientID())
		post(t, s, daemon(s, cp1))
		states := func() (all []entratest.TokenState) {
			for _, token := range s.Tokens() {
				all = append(all, token.State)
			}
			return all
		}
		assert.Equal(t, []entratest.TokenState{entratest.TokenRefused, entratest.TokenAccepted}, states())
		s.SetTokenLifetime(48 * time.Hour)
		post(t, s, daemon(s, cp1))
		time.Sleep(48*time.Hour - time.Second)
		assert.Equal(t, []entratest.TokenState{entratest.TokenExpired, entratest.TokenExpired, entratest.TokenAccepted}, states())
		time.Sleep(time.Second)
		assert.Equal(t, []entratest.TokenState{entratest.TokenExpired, entratest.TokenExpired, entratest.TokenExpired}, states())
		s.Reset()
		assert.Empty(t, s.Tokens())
	})
}
