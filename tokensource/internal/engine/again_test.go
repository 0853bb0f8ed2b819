package engine

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/msalcae/msalcae"
	"github.com/stretchr/testify/assert"
)

func TestPromptThatNobodyWaitsForIsShownAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{}
		var shown, prompts atomic.Int32
		s := prompting(func(context.Context, msalcae.TokenRequest) (*msalcae.Token, error) { return nil, interaction },
			func(ctx context.Context, _ msalcae.TokenRequest) (*msalcae.Token, error) {
				prompts.Add(1)
				shown.Add(1)
				for signedIn := time.After(4 * time.Minute); ; {
					select {
					case <-AgainOf(ctx):
						shown.Add(1)
					case <-signedIn:
						return entra.token("signed in"), nil
					}
				}
			})
		wait := func(patience time.Duration) error {
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			_, err := s.Token(ctx, msalcae.TokenRequest{})
			return err
		}
		go wait(time.Minute)
		time.Sleep(30 * time.Second)
		assert.Error(t, wait(10*time.Second))
		assert.EqualValues(t, 1, shown.Load(), "somebody else waits, at the page")
		time.Sleep(time.Minute)
		for range 2 {
			assert.Error(t, wait(time.Second), "nobody did, and now nobody does again")
		}
		assert.EqualValues(t, 3, shown.Load())
		assert.NoError(t, wait(5*time.Minute))
		assert.EqualValues(t, 4, shown.Load())
		assert.EqualValues(t, 1, prompts.Load(), "the same page each time")
	})
}

func TestPromptInTheQueueIsShownOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{}
		var shown atomic.Int32
		s := prompting(func(context.Context, msalcae.TokenRequest) (*msalcae.Token, error) { return nil, interaction },
			func(ctx context.Context, _ msalcae.TokenRequest) (*msalcae.Token, error) {
				shown.Add(1)
				select {
				case <-AgainOf(ctx):
					shown.Add(1)
				case <-time.After(time.Minute):
				}
				return entra.token("signed in"), nil
			})
		s.flow.Gate.enter(time.Second) // another source's
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		s.Token(ctx, msalcae.TokenRequest{})
		go func() {
			time.Sleep(time.Second)
			s.flow.Gate.leave()
		}()
		assert.Equal(t, "signed in", token(t, s))
		assert.EqualValues(t, 1, shown.Load())
	})
}
