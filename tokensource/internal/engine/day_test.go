package engine

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/msalcae/msalcae"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// 28 hours of calls, a minute apart, through revocations and late challenges at
// random times: the longest that one of Entra's tokens lives. What is expected
// follows from the events alone.
func TestTwentyEightHours(t *testing.T) {
	for _, life := range []time.Duration{24 * time.Hour, time.Hour} {
		for seed := range uint64(5) {
			t.Run(fmt.Sprint(life, " seed ", seed), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { aDay(t, life, rand.New(rand.NewPCG(seed, 28))) })
			})
		}
	}
}

func aDay(t *testing.T, life time.Duration, r *rand.Rand) {
	const minutes = 28 * 60
	entra := &issuer{life: life, latency: 200 * time.Millisecond}
	s := New(entra.acquire)
	events := map[int]bool{}
	for range 12 {
		events[1+r.IntN(minutes-2)] = true
	}
	var worthless []string
	issued, due, expected, challenges := time.Now(), life-refreshLead, 1, 0
	for minute := range minutes {
		now := time.Now()
		tok := token(t, s)
		if minute > 0 && time.Since(now) > 0 {
			t.Errorf("minute %d: a call waited %s", minute, time.Since(now))
		}
		synctest.Wait()
		if now.Sub(issued) >= due { // this call began a refresh
			expected++
			issued = now
			time.Sleep(time.Second)
			tok = token(t, s)
		}
		if events[minute] {
			worthless = append(worthless, tok)
			tok = challenge(t, s, nbf(minute), tok)
			challenges++
			expected++
			issued = now
		}
		if len(worthless) > 0 && r.IntN(10) == 0 { // a 401 that took its time
			late := worthless[r.IntN(len(worthless))]
			require.NotEqual(t, late, challenge(t, s, nbf(minute), late))
		}
		require.NotContains(t, worthless, tok)
		time.Sleep(time.Until(now.Add(time.Minute)))
	}
	assert.Equal(t, expected, entra.requests(), "the first, %d revocations, and a refresh for each life that was not cut short", challenges)
	_, err := s.Token(t.Context(), msalcae.TokenRequest{})
	require.NoError(t, err)
	time.Sleep(time.Minute)
}
