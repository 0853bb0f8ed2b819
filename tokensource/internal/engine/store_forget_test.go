package engine

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The token that a step-up was asked of is no answer to it, also when the source
// has forgotten meanwhile that it was asked, and found the token again.
func TestStepUpIsNotAnsweredByWhatItWasAskedOf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{}
		s := process(newMemoryStore(), entra.acquire)
		stepped := challenge(t, s, acrs("c3"), token(t, s))
		entra.latency = 2 * time.Second
		answer := make(chan string)
		go func() { answer <- challenge(t, s, acrs("c3"), stepped) }()
		time.Sleep(time.Second)
		s.Forget()
		require.Equal(t, stepped, token(t, s), "another process may use it still")
		assert.NotEqual(t, stepped, <-answer)
	})
}

// A token that was refreshed has what it was asked for with, and not what the one
// before it had been obtained for.
func TestRefreshedTokenIsNoStepUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{life: time.Hour}
		shared := newMemoryStore()
		s := process(shared, entra.acquire)
		stepped := challenge(t, s, acrs("c3"), token(t, s))
		challenge(t, s, nbf(0), stepped)
		require.Contains(t, entra.claims[2], "c3", "it rides along")
		time.Sleep(56 * time.Minute)
		token(t, s)
		synctest.Wait()
		refreshed := token(t, s)
		require.Empty(t, entra.claims[3])

		other := process(shared, entra.acquire)
		require.Equal(t, refreshed, token(t, other))
		assert.NotEqual(t, refreshed, challenge(t, other, acrs("c3"), stepped))
	})
}
