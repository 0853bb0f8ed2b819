package engine

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/msalcae/msalcae"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Who starts a flight is told of its end, who joins it of the wait.
func TestJoinedIsForThoseWhoJoin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{latency: 2 * time.Second}
		s := New(entra.acquire)
		acquired, joined := make([]int, 2), make([]int, 2)
		for n := range 2 {
			go func() {
				_, err := s.Token(t.Context(), msalcae.TokenRequest{Trace: &msalcae.Trace{
					Acquired: func(context.Context, msalcae.AcquiredInfo) { acquired[n]++ },
					Joined: func(_ context.Context, info msalcae.JoinedInfo) {
						joined[n]++
						assert.Equal(t, time.Second, info.Waited)
					},
				}})
				assert.NoError(t, err)
			}()
			time.Sleep(time.Second)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		assert.Equal(t, []int{1, 0}, acquired)
		assert.Equal(t, []int{0, 1}, joined)
	})
}

func TestPausedSaysHowLongAndWhy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New((&issuer{}).acquire)
		s.ChallengesPerMinute = 1
		next := challenge(t, s, nbf(0), token(t, s))
		start := time.Now()
		time.Sleep(10 * time.Second)
		var paused []msalcae.PausedInfo
		trace := &msalcae.Trace{Paused: func(_ context.Context, info msalcae.PausedInfo) { paused = append(paused, info) }}
		_, err := s.Token(t.Context(), msalcae.TokenRequest{Claims: nbf(1), Rejected: next, Trace: trace})
		require.ErrorIs(t, err, msalcae.ErrPaused)
		require.Len(t, paused, 1)
		assert.Equal(t, start.Add(time.Minute), paused[0].Until)
		assert.Contains(t, paused[0].Reason, "too many token requests")
		assert.ErrorContains(t, err, "50s")
	})
}

func TestRejectedIsForTheFirstOfAStorm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{latency: time.Second}
		s := New(entra.acquire)
		tok := token(t, s)
		var rejected []msalcae.RejectedInfo
		trace := &msalcae.Trace{Rejected: func(_ context.Context, info msalcae.RejectedInfo) { rejected = append(rejected, info) }}
		for n := range 3 {
			go s.Token(t.Context(), msalcae.TokenRequest{Claims: nbf(n), Rejected: tok, Trace: trace})
			synctest.Wait()
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Len(t, rejected, 1)
		assert.Equal(t, nbf(0), rejected[0].Claims)
	})
}
