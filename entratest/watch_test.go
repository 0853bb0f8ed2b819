package entratest_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/msalcae/msalcae/entratest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A witness is a test that a Watch fails.
type witness struct{ said []string }

func (w *witness) Helper() {}

func (w *witness) Errorf(format string, args ...any) {
	w.said = append(w.said, fmt.Sprintf(format, args...))
}

// What came before a Reset is forgotten, by a Watch of before too: it goes on with
// what comes after.
func TestWatchOutlivesReset(t *testing.T) {
	inBubble(t, func(t *testing.T, s *entratest.Server) {
		for range 3 {
			post(t, s, daemon(s, cp1))
		}
		bad := new(witness)
		seen := s.Watch(bad)
		post(t, s, daemon(s, cp1))
		s.Reset()
		assert.True(t, seen.TokenRequests(0), "%v", bad.said)
		assert.Zero(t, seen.Stats())
		assert.Empty(t, seen.Requests())
		post(t, s, daemon(s, cp1))
		assert.True(t, seen.TokenRequests(1) && seen.Grants("client_credentials"), "%v", bad.said)
	})
}

// A revocation that a client answers as it should, and one that it does not.
func TestWatch(t *testing.T) {
	inBubble(t, func(t *testing.T, s *entratest.Server) {
		old := post(t, s, daemon(s, cp1)).token()
		seen := s.Watch(t)
		s.Revoke(s.ClientID())
		challenge := challengeOf(t, call(t, s, old, "GET", "/users", ""))
		fresh := post(t, s, daemon(s, merge(t, challenge))).token()
		assert.Equal(t, 200, call(t, s, fresh, "GET", "/users", "").status)
		assert.True(t, seen.TokenRequests(1) && seen.Challenges(1) && seen.APICalls(2) && seen.Prompts(0))
		assert.True(t, seen.Grants("client_credentials") && seen.AskedFor("nbf", "xms_cc"))
		assert.True(t, seen.NoRefusedTokenSentAgain() && seen.NoStrayTokens())
		assert.True(t, s.Watch(t).NeverSent(old), "before it began does not count")

		call(t, s, old, "GET", "/users", "")
		bad := new(witness)
		worse := s.Watch(bad)
		to := startUpload(t, s, fresh, s.API())
		send(t, s.Client(), bearer(t, "PUT", to, fresh, strings.NewReader("x")))
		assert.False(t, worse.NoStrayTokens())
		assert.False(t, worse.NeverSent(fresh))
		assert.False(t, worse.AskedFor("nbf"))
		assert.False(t, worse.Grants("refresh_token"))
		assert.False(t, worse.TokenRequests(1))
		require.Len(t, bad.said, 5)
		assert.True(t, strings.HasPrefix(bad.said[4], "entratest: 0 token requests, want 1; this was seen:\n  1  POST /v1.0/me/drive"), bad.said[4])

		seen = s.Watch(bad)
		post(t, s, daemon(s, cp1))
		assert.False(t, seen.AskedFor("nbf"))
		call(t, s, old, "GET", "/users", "")
		call(t, s, old, "GET", "/users", "")
		assert.False(t, seen.NoRefusedTokenSentAgain())
		assert.Contains(t, bad.said[len(bad.said)-1], "was refused by request 2 and came again with request 3; this was seen:")
		for _, said := range bad.said {
			for _, secret := range []string{old, fresh, s.ClientSecret()} {
				assert.NotContains(t, said, secret)
			}
		}
	})
}

// A step-up refuses a request and not its token.
func TestWatchKnowsStepUps(t *testing.T) {
	s := newServer(t)
	token := post(t, s, daemon(s, cp1)).token()
	s.RequireAuthContextAt("/users", "c1")
	seen := s.Watch(t)
	call(t, s, token, "GET", "/users", "")
	call(t, s, token, "GET", "/me", "")
	seen.Challenges(1)
	assert.True(t, seen.NoRefusedTokenSentAgain())
}

// What a person reads when a test fails.
func TestConversation(t *testing.T) {
	inBubble(t, func(t *testing.T, s *entratest.Server) {
		token := post(t, s, daemon(s, cp1)).token()
		seen := s.Watch(t)
		s.Revoke(s.ClientID())
		call(t, s, token, "GET", "/users", "")
		form := daemon(s, revoked)
		form.Set("client_secret", "wrong")
		post(t, s, form)
		talk := entratest.Conversation(seen.Requests())
		want := `  1  GET  /v1.0/users  401 InvalidAuthenticationToken
          for: CLIENT
          token: HASH
          challenge: {"access_token":{"nbf":{"essential":true, "value":"946684800"}}}
  2  POST /TENANT/oauth2/v2.0/token  401 invalid_client AADSTS7000215
          grant: client_credentials
          for: CLIENT
          scope: https://graph.entra.test/.default openid offline_access profile
          claims: {"access_token":{"nbf":{"essential":true, "value":"946684800"}}}
`
		want = strings.NewReplacer("CLIENT", s.ClientID(), "TENANT", s.Tenant(), "HASH", seen.Requests()[0].TokenSHA256[:8]).Replace(want)
		assert.Equal(t, want, talk)
	})
}

func TestWaitRequests(t *testing.T) {
	inBubble(t, func(t *testing.T, s *entratest.Server) {
		s.FailAPI(-1, entratest.Fault{Hang: true})
		ctx, cancel := context.WithCancel(t.Context())
		for range 3 {
			go func() {
				req := bearer(t, "GET", s.API()+"/me", "x", nil).WithContext(ctx)
				_, err := s.Client().Do(req)
				assert.ErrorIs(t, err, context.Canceled)
			}()
		}
		require.NoError(t, s.WaitRequests(t.Context(), entratest.APIEndpoint, 3), "they have arrived, though nobody answers")
		waited := make(chan error)
		go func() { waited <- s.WaitRequests(ctx, entratest.APIEndpoint, 4) }()
		synctest.Wait()
		cancel()
		assert.ErrorIs(t, <-waited, context.Canceled)
	})
}
