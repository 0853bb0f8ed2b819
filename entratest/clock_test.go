package entratest_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/msalcae/msalcae/entratest"
)

// Events need up to 15 minutes from Entra to the API; changes of address do not.
func TestPropagationDelay(t *testing.T) {
	inBubble(t, func(t *testing.T, s *entratest.Server) {
		old := post(t, s, daemon(s, cp1)).token()
		status := func(token string) int { return call(t, s, token, "GET", "/users", "").status }
		s.SetPropagationDelay(15 * time.Minute)
		s.Revoke(s.ClientID())
		time.Sleep(10 * time.Minute)
		between := post(t, s, daemon(s, cp1)).token()
		s.RevokeAccessTokens(s.ClientID())
		time.Sleep(5*time.Minute - time.Second)
		assert.Equal(t, 200, status(old))
		time.Sleep(time.Second)
		assert.Equal(t, 401, status(old), "the first event has arrived")
		assert.Equal(t, 200, status(between), "the second has not")
		time.Sleep(10 * time.Minute)
		assert.Equal(t, 401, status(between))

		late := post(t, s, daemon(s, cp1)).token()
		s.MoveIP(s.ClientID(), "203.0.113.7")
		assert.Equal(t, 401, status(late), "at once")
	})
}

func TestClockSkew(t *testing.T) {
	inBubble(t, func(t *testing.T, s *entratest.Server) {
		s.SetTokenLifetime(time.Hour)
		begin := time.Now()
		for _, c := range []struct {
			entra, api time.Duration
			status     int // of a new token's use
			life       time.Duration
		}{
			{0, 0, 200, time.Hour},
			{time.Hour, 0, 401, time.Hour},              // not yet valid
			{-time.Hour, 0, 401, time.Hour},             // has expired
			{4 * time.Minute, 0, 200, 64 * time.Minute}, // within the tolerance
			{0, 10 * time.Minute, 200, 50 * time.Minute},
			{time.Hour, time.Hour, 200, time.Hour},
		} {
			s.SetClockSkew(c.entra, c.api)
			a := post(t, s, daemon(s, cp1))
			now := time.Now()
			assert.InDelta(t, float64(now.Add(c.entra).Unix()), payload(t, a.token())["iat"], 1)
			assert.EqualValues(t, 3600, a.json["expires_in"], "a lifetime is a lifetime")
			assert.Equal(t, now.Add(c.entra).UTC().Format(http.TimeFormat), a.header.Get("Date"))
			used := call(t, s, a.token(), "GET", "/users", "")
			assert.Equal(t, c.status, used.status, "%+v", c)
			assert.Equal(t, now.Add(c.api).UTC().Format(http.TimeFormat), used.header.Get("Date"))
			if c.status == 200 {
				time.Sleep(c.life - time.Second)
				assert.Equal(t, 200, call(t, s, a.token(), "GET", "/users", "").status, "%+v", c)
				time.Sleep(time.Second)
				assert.Equal(t, 401, call(t, s, a.token(), "GET", "/users", "").status, "%+v", c)
			}
		}
		assert.Greater(t, time.Since(begin), 3*time.Hour)
	})
}

// Of a challenge's nbf: whoever's clock is ahead, the new token is taken.
func TestChallengesUnderClockSkew(t *testing.T) {
	inBubble(t, func(t *testing.T, s *entratest.Server) {
		for _, skew := range []time.Duration{-4 * time.Minute, 4 * time.Minute} {
			s.SetClockSkew(0, skew)
			first := post(t, s, daemon(s, cp1))
			s.Revoke(s.ClientID())
			refused := call(t, s, first.token(), "GET", "/users", "")
			require.Equal(t, 401, refused.status)
			challenge := challengeOf(t, refused)
			assert.Contains(t, challenge, fmt.Sprint(time.Now().Add(skew).Unix()))
			second := post(t, s, daemon(s, merge(t, challenge)))
			assert.Equal(t, 200, call(t, s, second.token(), "GET", "/users", "").status)
		}
	})
}

func TestBackdatedTokens(t *testing.T) {
	inBubble(t, func(t *testing.T, s *entratest.Server) {
		s.BackdateTokens(5 * time.Minute)
		a := post(t, s, daemon(s, cp1))
		claims := payload(t, a.token())
		assert.EqualValues(t, time.Now().Unix()-300, claims["iat"])
		assert.EqualValues(t, time.Now().Unix()-300, claims["nbf"])
		assert.EqualValues(t, a.json["expires_in"].(float64)+300, claims["exp"].(float64)-claims["iat"].(float64), "as was seen of Entra's")
		s.Revoke(s.ClientID())
		fresh := post(t, s, daemon(s, cp1))
		assert.Equal(t, 200, call(t, s, fresh.token(), "GET", "/users", "").status, "though its iat is before the revocation")
		demanded := post(t, s, daemon(s, fmt.Sprintf(`{"access_token":{"nbf":{"essential":true,"value":"%d"}}}`, time.Now().Unix())))
		assert.EqualValues(t, time.Now().Unix(), payload(t, demanded.token())["nbf"])
	})
}
