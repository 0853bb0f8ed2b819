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

// What a person's sign-in brings is as new as its end, for other processes too:
// what was asked for while its page was open does not answer a challenge to it.
func TestWhatIsOlderThanASignInDoesNotAnswerItsChallenge(t *testing.T) {
	for _, life := range []time.Duration{48 * time.Hour, time.Hour} { // the one asked for meanwhile has a day
		synctest.Test(t, func(t *testing.T) {
			entra, shared := &issuer{}, newMemoryStore()
			a, b := newSource(Flow{
				Acquire: entra.withoutStepUps, Store: Guarded(shared, storeLimit, nil), Gate: NewGate(),
				Prompt: func(context.Context, msalcae.TokenRequest) (*msalcae.Token, error) {
					time.Sleep(time.Minute)
					return &msalcae.Token{Value: "signed in", ExpiresOn: time.Now().Add(life)}, nil
				},
			}), process(shared, entra.withoutStepUps)
			first := token(t, a)
			stepped := make(chan string)
			go func() { stepped <- challenge(t, a, acrs("c1"), first) }()
			time.Sleep(time.Second)
			meanwhile := challenge(t, a, nbf(0), first)
			signedIn := <-stepped
			require.Equal(t, signedIn, token(t, a))

			older := []string{first, meanwhile, signedIn}
			if life > 24*time.Hour {
				require.Equal(t, signedIn, challenge(t, b, acrs("c1"), first))
				assert.NotContains(t, older, challenge(t, b, nbf(1), signedIn))
			}
			assert.NotContains(t, older, challenge(t, a, nbf(1), signedIn))
		})
	}
}
