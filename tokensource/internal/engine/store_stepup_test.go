package engine

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/msalcae/msalcae"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestStepUpsAreShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{}
		shared := newMemoryStore()
		a := process(shared, entra.acquire)
		c1 := challenge(t, a, acrs("c1"), token(t, a))
		c2 := challenge(t, a, acrs("c2"), c1)
		b := process(shared, entra.acquire)
		require.Equal(t, c2, token(t, b))
		assert.Equal(t, c1, challenge(t, b, acrs("c1"), c2))
		assert.Equal(t, c2, challenge(t, b, acrs("c2"), c1))
		assert.Equal(t, 3, entra.requests())
		challenge(t, a, nbf(0), c2)
		c := process(shared, entra.acquire)
		assert.NotEqual(t, c1, challenge(t, c, acrs("c1"), token(t, c)), "a voiding challenge empties the list for all")
	})
}

// What another process kept for a step-up is of no use to whoever was refused a
// token that was asked for later.
func TestStepUpIsNotAnsweredByWhatIsOlderThanTheRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{}
		shared := newMemoryStore()
		a, b := process(shared, entra.acquire), process(shared, entra.acquire)
		first := challenge(t, a, acrs("c1"), token(t, a))
		second := challenge(t, a, acrs("c1"), first)
		require.NotEqual(t, first, second)
		require.Equal(t, second, token(t, b))
		third := challenge(t, b, acrs("c1"), second)
		assert.NotContains(t, []string{first, second}, third)
	})
}

// What was read before a challenge came brings nothing back that the challenge
// made older than a refused token.
func TestRecordReadBeforeAChallenge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{}
		shared := newMemoryStore()
		s := process(shared, entra.acquire)
		c1 := challenge(t, s, acrs("c1"), token(t, s))
		c2 := challenge(t, s, acrs("c2"), c1)
		before := shared.snapshot()
		renewed := challenge(t, s, nbf(0), c2)
		s.learn(&flight{order: 9}, before)
		assert.NotContains(t, []string{c1, c2}, challenge(t, s, acrs("c1"), renewed))
	})
}

// Step-ups to different contexts do not wait for each other, in whatever process.
func TestStepUpsOfSeveralProcessesGoOnAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{}
		shared := newMemoryStore()
		a, b := process(shared, entra.acquire), process(shared, entra.acquire)
		first := token(t, a)
		token(t, b)
		entra.latency = time.Second
		start := time.Now()
		one := ask(t, a, msalcae.TokenRequest{Claims: acrs("c1"), Rejected: first})
		challenge(t, b, acrs("c2"), first)
		<-one
		assert.Equal(t, time.Second, time.Since(start))
	})
}
