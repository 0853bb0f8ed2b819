package engine

import (
	"context"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/msalcae/msalcae"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Programs say "no limit" with the largest duration that there is.
func TestLongestLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := NewGate()
		shared := newMemoryStore()
		for range 2 {
			s := newSource(Flow{
				Acquire: func(context.Context, msalcae.TokenRequest) (*msalcae.Token, error) { return nil, interaction },
				Prompt: func(context.Context, msalcae.TokenRequest) (*msalcae.Token, error) {
					time.Sleep(time.Hour)
					return (&issuer{}).token("signed in"), nil
				},
				Gate: gate, Store: Guarded(shared, storeLimit, nil),
			})
			s.RequestTimeout, s.PromptTimeout = math.MaxInt64, math.MaxInt64
			s.ChallengesPerMinute = math.MaxInt
			go func() {
				for _, ttl := range []time.Duration{math.MinInt64, 0, math.MaxInt64} {
					tok, err := s.Token(t.Context(), msalcae.TokenRequest{MinTTL: ttl})
					if assert.NoError(t, err) {
						assert.Equal(t, "signed in", tok.Value)
					}
				}
			}()
		}
		time.Sleep(3 * time.Hour)
		synctest.Wait()
		assert.Len(t, shared.snapshot().Tokens, 1)
	})
}

func TestNegativeMinTTLAsksForNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{}
		s := New(entra.acquire)
		first := token(t, s)
		for _, ttl := range []time.Duration{-time.Hour, math.MinInt64} {
			tok, err := s.Token(t.Context(), msalcae.TokenRequest{MinTTL: ttl})
			require.NoError(t, err)
			assert.Equal(t, first, tok.Value)
		}
		assert.Equal(t, 1, entra.requests())
	})
}

// A sign-in outside the engine may bring a token that has ended by this
// machine's clock: the one in use stays.
func TestSignInFromOutsideWithATokenThatHasEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{}
		s := New(entra.acquire)
		first := token(t, s)
		s.Adopt(&msalcae.Token{Value: "ended", ExpiresOn: time.Now().Add(-time.Second)}, "")
		assert.Equal(t, first, token(t, s))
		assert.Equal(t, 1, entra.requests())
	})
}
