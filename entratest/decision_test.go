package entratest_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/msalcae/msalcae/entratest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// notBefore demands a token that is not older than t.
func notBefore(t time.Time) string {
	return fmt.Sprintf(`{"access_token":{"nbf":{"essential":true,"value":"%d"},"xms_cc":{"values":["cp1"]}}}`, t.Unix())
}

// What the API decides about a token, step by step, on a clock that stands
// still between the steps: what came before what is known to the order, also
// within one second.
func TestDecisionAboutATokensAge(t *testing.T) {
	const ago, later = -time.Minute, 31 * time.Second
	for name, step := range map[string]struct {
		claims    string        // of the token
		revoke    time.Duration // after the token's issue; negative: before
		wait      time.Duration // until it is used
		status    int
		challenge time.Duration // nbf of the challenge, after the token's issue
	}{
		"nothing has happened":                          {claims: cp1, revoke: ago, status: 200},
		"revoked a moment later":                        {claims: cp1, status: 401},
		"revoked a minute later":                        {claims: cp1, revoke: time.Minute, wait: 2 * time.Minute, status: 401, challenge: 2 * time.Minute},
		"the challenge's time is not the revocation's":  {claims: cp1, revoke: time.Second, wait: 11 * time.Minute, status: 401, challenge: 11 * time.Minute},
		"a client that cannot be challenged":            {claims: "", revoke: time.Minute, wait: 2 * time.Minute, status: 200},
		"expired is not challenged":                     {claims: cp1, revoke: time.Minute, wait: 29 * time.Hour, status: 401, challenge: -1},
		"expired without capability":                    {claims: "", revoke: time.Minute, wait: 91 * time.Minute, status: 401, challenge: -1},
		"one with nbf of the future is of before still": {claims: "future", revoke: time.Second, wait: later, status: 401, challenge: later},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, s *entratest.Server) {
				if step.revoke < 0 {
					s.Revoke(s.ClientID())
					time.Sleep(-step.revoke)
				}
				issued := time.Now()
				claims := step.claims
				if claims == "future" {
					claims = notBefore(issued.Add(later))
				}
				token := post(t, s, daemon(s, claims)).token()
				if step.revoke >= 0 {
					time.Sleep(step.revoke)
					s.Revoke(s.ClientID())
				}
				time.Sleep(time.Until(issued.Add(step.wait)))
				a := call(t, s, token, "GET", "/users", "")
				assert.Equal(t, step.status, a.status, "%s", a.body)
				want := ""
				if step.status == 401 && step.challenge >= 0 {
					want = fmt.Sprintf(`{"access_token":{"nbf":{"essential":true, "value":"%d"}}}`, issued.Add(step.challenge).Unix())
				}
				assert.Equal(t, want, read(t, a))
			})
		})
	}
}

// A token that was demanded with the challenge's nbf meets it, whatever the
// clocks, so that nobody is challenged for ever.
func TestTokensMeetTheirChallenge(t *testing.T) {
	for name, row := range map[string]struct{ demanded, issued time.Duration }{
		"the time of the challenge":     {0, 0},
		"a time of the past":            {-time.Hour, 0},
		"a clock that is a bit ahead":   {31 * time.Second, 31 * time.Second},
		"a time too far in the future":  {time.Hour, 0},
		"the beginning of time":         {-time.Duration(946684800) * time.Second, 0},
		"as far ahead as is believable": {5*time.Minute - time.Second, 5*time.Minute - time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, s *entratest.Server) {
				s.Revoke(s.ClientID())
				now := time.Now()
				a := post(t, s, daemon(s, notBefore(now.Add(row.demanded))))
				require.Equal(t, 200, a.status, "%s", a.body)
				claims := payload(t, a.token())
				assert.EqualValues(t, now.Add(row.issued).Unix(), claims["iat"])
				assert.Equal(t, claims["iat"], claims["nbf"])
				assert.Equal(t, 200, call(t, s, a.token(), "GET", "/users", "").status)
			})
		})
	}
}

// Of several reasons the first of this order is given.
func TestOrderOfRefusals(t *testing.T) {
	inBubble(t, func(t *testing.T, s *entratest.Server) {
		token := post(t, s, daemon(s, cp1)).token()
		plain := post(t, s, daemon(s, "")).token()
		ask := func(token string) answer { return call(t, s, token, "GET", "/users", "") }
		s.RequireAuthContext("c1")
		assert.Equal(t, stepUp, read(t, ask(token)), "a context is missing")
		assert.Equal(t, 403, ask(plain).status, "and its client cannot answer")
		s.MoveIP(s.ClientID(), "203.0.113.7")
		assert.Equal(t, moved, read(t, ask(token)), "an event comes before what a path demands")
		s.Revoke(s.ClientID())
		assert.Equal(t, revoked, read(t, ask(token)), "a revocation comes before all other events")
		time.Sleep(29 * time.Hour)
		expired := ask(token)
		assert.Equal(t, 401, expired.status)
		assert.Empty(t, read(t, expired), "an expired token is nobody's")

		// An API that challenges whatever it is given can be had as well.
		s.FailAPI(-1, entratest.Fault{Challenge: revoked})
		for range 3 {
			assert.Equal(t, revoked, read(t, ask(post(t, s, daemon(s, cp1)).token())))
		}
	})
}
