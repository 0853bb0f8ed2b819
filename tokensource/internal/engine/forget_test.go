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

func TestNothingComesBackAfterForget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{latency: time.Second}
		entra.answer = func(n int, req msalcae.TokenRequest) (*msalcae.Token, error) {
			if n > 1 {
				return nil, interaction
			}
			return nil, nil
		}
		s := newSource(Flow{Acquire: entra.acquire, Gate: NewGate(), Prompt: func(context.Context, msalcae.TokenRequest) (*msalcae.Token, error) {
			time.Sleep(time.Minute)
			return entra.token("stepped up"), nil
		}})
		ordinary := token(t, s)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		_, err := s.Token(ctx, msalcae.TokenRequest{Claims: acrs("c1"), Rejected: ordinary})
		require.Equal(t, context.DeadlineExceeded, err)
		s.Forget() // signed out while the page is open
		time.Sleep(2 * time.Minute)
		_, err = s.Token(t.Context(), msalcae.TokenRequest{NoPrompt: true})
		assert.ErrorIs(t, err, msalcae.ErrInteractionRequired)
	})
}
