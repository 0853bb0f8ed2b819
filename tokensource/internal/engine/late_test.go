package engine

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/msalcae/msalcae"
	"github.com/stretchr/testify/assert"
)

// A late challenge is to a token that was replaced since. What another process
// obtained before that token answers it no more than what came without claims.
func TestLateChallengeInASharedRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shared := newMemoryStore()
		theirs := &issuer{life: time.Hour}
		they := process(shared, theirs.acquire)
		challenge(t, they, nbf(0), token(t, they))
		time.Sleep(2 * time.Hour)

		ours := &issuer{life: time.Hour}
		ours.answer = func(n int, _ msalcae.TokenRequest) (*msalcae.Token, error) {
			return ours.token(fmt.Sprint("ours-", n)), nil
		}
		we := process(shared, ours.acquire)
		first := token(t, we)
		time.Sleep(56 * time.Minute)
		token(t, we)
		synctest.Wait()
		second := token(t, we)
		assert.NotEqual(t, first, second, "refreshed")
		third := challenge(t, we, nbf(3), first)
		assert.NotEqual(t, second, third)
		assert.JSONEq(t, nbf(3), ours.claims[len(ours.claims)-1])
		assert.Equal(t, 3, ours.requests())
	})
}
