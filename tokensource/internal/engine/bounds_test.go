package engine

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/msalcae/msalcae"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestHowLongAFailureIsRemembered(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		want time.Duration
	}{
		"loop":                   {&msalcae.Error{Status: 400, Code: "invalid_grant", AADSTS: []int{50196}}, loopPause},
		"interaction":            {interaction, interactionPause},
		"same token":             {msalcae.ErrSameToken, interactionPause},
		"throttled":              {&msalcae.Error{Status: 429}, throttlePause},
		"unavailable":            {&msalcae.Error{Status: 503}, throttlePause},
		"Retry-After":            {&msalcae.Error{Status: 429, RetryAfter: 20 * time.Minute}, 20 * time.Minute},
		"hostile Retry-After":    {&msalcae.Error{Status: 429, RetryAfter: 1000 * time.Hour}, maxPause},
		"server error":           {&msalcae.Error{Status: 500}, troublePause},
		"client error":           {&msalcae.Error{Status: 400, Code: "invalid_request"}, 0},
		"nothing reached Entra":  {&msalcae.Error{Err: errors.New("no route")}, 0},
		"nothing that we know":   {errors.New("x"), 0},
		"nothing went wrong yet": {nil, 0},
	} {
		assert.Equal(t, c.want, pauseAfter(c.err), name)
	}
}

func TestLoopingClientIsPaused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{}
		entra.answer = func(n int, _ msalcae.TokenRequest) (*msalcae.Token, error) {
			if n == 1 {
				return nil, &msalcae.Error{Status: 400, Code: "invalid_grant", AADSTS: []int{50196}}
			}
			return nil, nil
		}
		s := New(entra.acquire)
		_, err := s.Token(t.Context(), msalcae.TokenRequest{})
		require.Error(t, err)
		for range 59 {
			time.Sleep(time.Second)
			_, err = s.Token(t.Context(), msalcae.TokenRequest{})
			require.Error(t, err)
		}
		assert.Equal(t, 1, entra.requests(), "AADSTS50196")
		time.Sleep(time.Second)
		token(t, s)
	})
}

func TestFailuresAreBounded(t *testing.T) {
	fs, now := failures{}, time.Now()
	for n := range 10 * maxFailures {
		err := &msalcae.Error{Status: 429, RetryAfter: time.Duration(1+n) * time.Second}
		fs.remember(purpose{epoch: uint32(n)}, err, now)
	}
	assert.Len(t, fs, maxFailures)
	_, ok := fs.recall(purpose{epoch: 10*maxFailures - 1}, now, false)
	assert.True(t, ok, "those that stand longest stay")
	last, _ := fs.recall(purpose{epoch: 10*maxFailures - 1}, now, false)
	assert.ErrorContains(t, last.again(now), "paused for 10m40s")
	fs.remember(purpose{}, &msalcae.Error{Status: 500}, now.Add(time.Hour))
	assert.Len(t, fs, 1, "what has passed leaves first")
}

func TestVoidsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const most = 1 << 10
		v := NewVoids()
		v.most = most
		add := func(name string, life time.Duration) { v.add(v.Fingerprint(name), time.Now().Add(life)) }
		for n := range most + most/8 {
			add(fmt.Sprint(n), time.Duration(1+n)*time.Second)
		}
		assert.LessOrEqual(t, len(v.known), most)
		assert.False(t, v.Has(v.Fingerprint("0")), "what ends first leaves first")
		assert.True(t, v.Has(v.Fingerprint(fmt.Sprint(most))))

		for n := range most + most/8 {
			add(fmt.Sprint("at once ", n), VoidLife)
		}
		assert.LessOrEqual(t, len(v.known), most)
		assert.Greater(t, len(v.known), most*7/8, "some leave, not all")

		v = NewVoids()
		v.most = most
		for n := range most - 1 {
			add(fmt.Sprint(n), time.Second)
		}
		v.add(v.Fingerprint("of unknown end"), time.Time{})
		time.Sleep(VoidLife - time.Second)
		add("later", time.Hour)
		assert.Len(t, v.known, 2, "what has ended leaves first")
		assert.True(t, v.Has(v.Fingerprint("of unknown end")), "as long as Entra's longest-lived tokens")
	})
}

func TestKnownTokensAreBounded(t *testing.T) {
	var list []int
	for n := range 100 {
		list = push(list, n, 3)
	}
	assert.Equal(t, []int{97, 98, 99}, list)
}

func TestRefreshBackOff(t *testing.T) {
	seen := map[time.Duration]bool{}
	for range 50 {
		var e entry
		for n, want := range []time.Duration{30 * time.Second, time.Minute, 2 * time.Minute, 4 * time.Minute, 5 * time.Minute, 5 * time.Minute} {
			got := e.backoff()
			assert.InDelta(t, want, got, float64(want)/5, "attempt %d", n)
			seen[got] = true
		}
	}
	assert.Greater(t, len(seen), 200, "jitter")
}

func TestRefreshTimes(t *testing.T) {
	now := time.Now()
	for name, c := range map[string]struct{ refreshOn, life, want time.Duration }{
		"as Entra says":          {12 * time.Hour, 24 * time.Hour, 12 * time.Hour},
		"before MSAL's own lead": {0, time.Hour, time.Hour - refreshLead},
		"half of a short life":   {0, 4 * time.Minute, 2 * time.Minute},
		"not at once":            {-time.Hour, time.Hour, refreshBackoff},
		"not after its end":      {2 * time.Hour, time.Hour, time.Hour - refreshLead},
	} {
		tok := &msalcae.Token{ExpiresOn: now.Add(c.life)}
		if c.refreshOn != 0 {
			tok.RefreshOn = now.Add(c.refreshOn)
		}
		assert.Equal(t, c.want, refreshTime(tok, now).Sub(now), name)
	}
}
