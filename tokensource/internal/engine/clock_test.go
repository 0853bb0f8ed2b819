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

// The present is never later than what the clock says, and at most a second
// earlier; nobody pays for a clock that nobody asks.
func TestClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c Clock
		for range 100 {
			now := time.Now()
			latest := time.Unix(0, c.latest())
			assert.False(t, latest.Before(now))
			assert.False(t, latest.After(now.Add(clockStep)))
			time.Sleep(70 * time.Millisecond)
		}
		time.Sleep(time.Hour)
		assert.Zero(t, c.ahead.Load())
	})
}

// To the nanosecond, a token is served as long as it is by the wall clock, and
// for as long as a caller wants it to live.
func TestWarmTokenEndsInTime(t *testing.T) {
	for _, ttl := range []time.Duration{0, sendMargin, time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			s := New(func(context.Context, msalcae.TokenRequest) (*msalcae.Token, error) { return nil, interaction })
			s.Adopt(&msalcae.Token{Value: "a token", ExpiresOn: time.Now().Add(time.Hour)}, "")
			s.current.Load().refreshAt.Store(s.current.Load().usable + 1)
			last := time.Until(s.current.Load().tok.ExpiresOn) - max(ttl, sendMargin) - 1
			for s.flow.Clock.latest(); last > 0; last -= 333 * time.Millisecond {
				_, err := s.Token(t.Context(), msalcae.TokenRequest{MinTTL: ttl})
				require.NoError(t, err)
				time.Sleep(min(last, 333*time.Millisecond))
			}
			e := s.current.Load()
			require.True(t, e.serves(time.Now().UnixNano(), ttl))
			require.False(t, e.serves(time.Now().UnixNano()+1, ttl))
			time.Sleep(time.Nanosecond)
			if ttl <= sendMargin {
				_, err := s.Token(t.Context(), msalcae.TokenRequest{MinTTL: ttl})
				require.Error(t, err)
			}
			time.Sleep(time.Minute)
		})
	}
}
