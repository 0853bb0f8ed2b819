package entratest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// An assertion is good as long as the token that it is.
func TestAssertionTimesAreValidated(t *testing.T) {
	s := NewServer()
	defer s.Close()
	now := time.Now().Unix()
	for _, c := range []struct {
		nbf, exp int64
		code     int
	}{
		{now - 60, now - 1, 500133},
		{now + 400, now + 600, 500133},
		{now, now + 60, 50013}, // good, but no sign-in is behind it
	} {
		s.mu.Lock()
		_, err := s.userAssertion(sharedKey().Sign(map[string]any{"aud": clientID, "iss": s.Authority() + "/v2.0", "nbf": c.nbf, "exp": c.exp,
			"idtyp": "user", "uti": tokenID(1)}), s.app(clientID))
		s.mu.Unlock()
		require.NotNil(t, err)
		assert.Equal(t, c.code, err.aadsts, "%+v", c)
	}
}

func TestRefreshTokensEndAfterNinetyIdleDays(t *testing.T) {
	now := time.Now()
	rt := &refreshToken{signin: signin{user: new(account), family: new(family)}, issued: now.Add(-90 * 24 * time.Hour)}
	assert.Nil(t, rt.refusal(now))
	assert.Equal(t, 700082, rt.refusal(now.Add(time.Second)).aadsts)
}

func TestRefreshTokensOfSinglePagesEndAfterADay(t *testing.T) {
	now := time.Now()
	rt := &refreshToken{signin: signin{user: new(account), family: new(family), singlePage: now.Add(-24 * time.Hour)}, issued: now}
	assert.Nil(t, rt.refusal(now))
	assert.Equal(t, 700084, rt.refusal(now.Add(time.Second)).aadsts, "however young the token is")
}

// However many events are on their way to the API, they are bounded.
func TestEventsOnTheirWayAreBounded(t *testing.T) {
	p, now := new(principal), time.Now()
	p.cut(cut{seq: 2, code: codeLocation, from: now})
	for i := range 10 * maxCuts {
		p.cut(cut{seq: uint64(i + 1), code: codeRevoked, from: now.Add(time.Hour)})
	}
	assert.Len(t, p.cuts, maxCuts)
	known, ok := p.cutAfter(1, now)
	assert.True(t, ok && known.code == codeLocation, "what the API knows already is not lost")
	p.cut(cut{seq: 5000, code: codePolicy, from: now})
	p.cut(cut{seq: 5001, code: codePolicy, from: now})
	found, ok := p.cutAfter(3, now)
	assert.True(t, ok)
	assert.EqualValues(t, 5001, found.seq)
	found, _ = p.cutAfter(1, now.Add(2*time.Hour))
	assert.Equal(t, codeRevoked, found.code)
}
