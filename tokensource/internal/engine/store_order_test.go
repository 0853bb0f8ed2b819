package engine

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/msalcae/msalcae"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A token of another process, taken for a refresh, answers late challenges to
// what was asked for before the challenge that led to it.
func TestRefreshTakesTheRenewalOfAnotherProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{life: time.Hour}
		shared := newMemoryStore()
		a, b := process(shared, entra.acquire), process(shared, entra.acquire)
		require.Equal(t, "token-2", challenge(t, a, nbf(0), token(t, a)))
		token(t, b)
		time.Sleep(56 * time.Minute)
		token(t, b)
		synctest.Wait()
		require.Equal(t, "token-3", token(t, b), "refreshed")
		require.Equal(t, "token-4", challenge(t, b, nbf(1), "token-3"))
		token(t, a)
		synctest.Wait()
		require.Equal(t, "token-4", token(t, a), "taken from b")
		assert.Equal(t, "token-4", challenge(t, a, nbf(2), "token-2"))
		time.Sleep(56 * time.Minute)
		token(t, a)
		synctest.Wait()
		require.Equal(t, "token-5", token(t, a), "refreshed")
		assert.Equal(t, "token-5", challenge(t, a, nbf(3), "token-2"))
		assert.Equal(t, 5, entra.requests())
	})
}

// It does not answer one to a token that was asked for later.
func TestRefreshTakesWhatIsNoRenewal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{life: time.Hour}
		shared := newMemoryStore()
		a, b := process(shared, entra.acquire), process(shared, entra.acquire)
		challenge(t, b, nbf(0), token(t, b))
		require.Equal(t, "token-2", token(t, a))
		time.Sleep(56 * time.Minute)
		token(t, a)
		synctest.Wait()
		require.Equal(t, "token-3", token(t, a), "refreshed")
		token(t, b)
		synctest.Wait()
		time.Sleep(56 * time.Minute)
		token(t, b)
		synctest.Wait()
		require.Equal(t, "token-4", token(t, b), "refreshed")
		token(t, a)
		synctest.Wait()
		require.Equal(t, "token-4", token(t, a), "taken from b")
		assert.Equal(t, "token-5", challenge(t, a, nbf(1), "token-3"))
		assert.JSONEq(t, nbf(1), entra.claims[len(entra.claims)-1])
	})
}

// What another process has obtained before a challenge came is of no use to
// whoever waits for a token since.
func TestTokenOfAnotherProcessThatAChallengeOvertakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{life: time.Hour}
		shared := newMemoryStore()
		a := process(shared, entra.acquire)
		require.Equal(t, "token-1", token(t, a))
		shared.latency = 10 * time.Millisecond
		waiting := make(chan string, 1)
		go func() {
			tok, err := a.Token(t.Context(), msalcae.TokenRequest{MinTTL: 2 * time.Hour})
			assert.NoError(t, err)
			waiting <- tok.Value
		}()
		synctest.Wait() // its flight looks at the store
		shared.add(News{Token: &SharedToken{Token: &msalcae.Token{Value: "theirs", ExpiresOn: time.Now().Add(5 * time.Hour)}, Print: FingerprintOf("theirs")}})
		assert.Equal(t, "token-2", challenge(t, a, nbf(0), "token-1"))
		assert.Equal(t, "token-2", <-waiting)
	})
}

// Late challenges to a token that another process has replaced meanwhile are
// answered from memory.
func TestLateChallengesToWhatAnotherProcessReplaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{life: time.Hour}
		shared := newMemoryStore()
		shared.add(News{Voided: []VoidedToken{{FingerprintOf("another"), time.Now().Add(time.Hour)}}})
		a, b := process(shared, entra.acquire), process(shared, entra.acquire)
		token(t, a)
		token(t, b)
		time.Sleep(56 * time.Minute)
		token(t, b)
		synctest.Wait()
		require.Equal(t, "token-3", challenge(t, b, nbf(0), token(t, b)))
		token(t, a)
		synctest.Wait()
		require.Equal(t, "token-3", token(t, a), "taken for a refresh")
		uses := shared.used()
		assert.Equal(t, "token-3", challenge(t, a, nbf(1), "token-1"))
		assert.Equal(t, uses, shared.used())

		require.Equal(t, "token-4", challenge(t, b, nbf(2), "token-3"))
		assert.Equal(t, "token-4", challenge(t, a, nbf(3), "token-3"), "taken for a challenge")
		uses = shared.used()
		assert.Equal(t, "token-4", challenge(t, a, nbf(4), "token-3"))
		assert.Equal(t, uses, shared.used())
		assert.Equal(t, 4, entra.requests())
	})
}

// What another process refreshed is no answer to a token that was asked for after
// the last challenge, though it answered an earlier one.
func TestTokenOfAnotherProcessAnswersTheEarlierChallengeAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{life: time.Hour}
		shared := newMemoryStore()
		a, b := process(shared, entra.acquire), process(shared, entra.acquire)
		challenge(t, b, nbf(0), token(t, b))
		require.Equal(t, "token-2", token(t, a))
		for _, s := range []*source{a, b} {
			time.Sleep(28 * time.Minute)
			token(t, s)
			synctest.Wait()
			time.Sleep(28 * time.Minute)
			token(t, s)
			synctest.Wait()
		}
		require.Equal(t, "token-4", token(t, b))
		assert.Equal(t, "token-4", challenge(t, a, nbf(1), "unknown"))
		assert.Equal(t, 4, entra.requests())
		assert.Equal(t, "token-5", challenge(t, a, nbf(2), "token-3"))
	})
}

func TestOlderTokenOfAnotherProcessDoesNotAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{life: time.Hour}
		shared := newMemoryStore()
		a, b := process(shared, entra.acquire), process(shared, entra.acquire)
		token(t, a)
		token(t, b)
		time.Sleep(56 * time.Minute)
		token(t, b)
		synctest.Wait()
		require.Equal(t, "token-2", token(t, b))
		assert.Equal(t, "token-3", challenge(t, a, capol("p"), "token-1"), "token-2 was refreshed without the policy")
		assert.JSONEq(t, capol("p"), entra.claims[2])
	})
}

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

// A token that was asked for without a lease is as old as that all the same.
func TestTokenAskedForWithoutALease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{latency: 10 * time.Second}
		shared := newMemoryStore()
		shared.stop(purpose{}.lease())
		got := ask(t, process(shared, entra.acquire), msalcae.TokenRequest{})
		time.Sleep(leaseWait + time.Second) // it was asked for
		for range 2 {
			shared.add(News{Pause: time.Hour})
			time.Sleep(time.Second)
		}
		later := SharedToken{Token: entra.token("later"), Print: FingerprintOf("later"), Asked: shared.snapshot().Version + 1}
		shared.add(News{Token: &later})
		shared.add(News{Voided: []VoidedToken{{later.Print, later.Token.ExpiresOn}}})
		<-got
		synctest.Wait()
		assert.Empty(t, shared.snapshot().Tokens, "older than what was refused")
	})
}
