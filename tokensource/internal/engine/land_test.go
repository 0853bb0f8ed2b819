package engine

import (
	"context"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/msalcae/msalcae"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// slow gives the flight of each request a latency of its own, in the order of
// the requests.
func (i *issuer) slow(latencies ...time.Duration) {
	i.answer = func(n int, _ msalcae.TokenRequest) (*msalcae.Token, error) {
		if n <= len(latencies) {
			time.Sleep(latencies[n-1])
		}
		return nil, nil
	}
}

func ask(t *testing.T, s *source, req msalcae.TokenRequest) <-chan string {
	got := make(chan string, 1)
	go func() {
		tok, err := s.Token(t.Context(), req)
		if err != nil {
			got <- err.Error()
			return
		}
		got <- tok.Value
	}()
	synctest.Wait()
	return got
}

func TestRenewalLandsAfterSignOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{}
		entra.slow(0, 10*time.Second)
		s := New(entra.acquire)
		got := ask(t, s, msalcae.TokenRequest{Claims: nbf(0), Rejected: token(t, s)})
		s.Forget()
		time.Sleep(time.Minute)
		assert.Equal(t, "token-3", <-got, "token-2 was asked for as the one who has left")
		assert.Equal(t, "token-3", token(t, s))
	})
}

func TestFlightOvertakenByAChallengeServesNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{life: time.Hour}
		entra.slow(0, 2*time.Second, 10*time.Second)
		s := New(entra.acquire)
		first := token(t, s)
		time.Sleep(30 * time.Minute)
		got := ask(t, s, msalcae.TokenRequest{MinTTL: 45 * time.Minute}) // token-2, soon
		renewed := ask(t, s, msalcae.TokenRequest{Claims: nbf(0), Rejected: first})
		assert.Equal(t, "token-3", <-got)
		assert.Equal(t, "token-3", <-renewed)
	})
}

func TestTokenOlderThanAVoidedOneComesTooLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{}
		entra.slow(0, 5*time.Second, 0, 20*time.Second)
		s := New(entra.acquire)
		first := token(t, s)
		ask(t, s, msalcae.TokenRequest{Claims: capol("p"), Rejected: "of an earlier process"}) // token-2
		stepped := challenge(t, s, acrs("c1"), first)
		require.Equal(t, "token-3", stepped, "with what was pending too")
		synctest.Wait() // it serves who waits for token-2, too
		require.Equal(t, stepped, token(t, s))
		renewed := ask(t, s, msalcae.TokenRequest{Claims: nbf(0), Rejected: stepped}) // token-4, slower
		time.Sleep(10 * time.Second)
		assert.Equal(t, "token-4", token(t, s), "token-2 is older than the voided token-3")
		assert.Equal(t, "token-4", <-renewed)
	})
}

func TestRefusalOfATokenNewerThanTheRenewal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{life: time.Hour}
		s := New(entra.acquire)
		challenge(t, s, nbf(0), token(t, s)) // token-2
		var refreshed []string
		for range 2 {
			time.Sleep(56 * time.Minute)
			token(t, s)
			synctest.Wait()
			refreshed = append(refreshed, token(t, s))
		}
		require.Equal(t, []string{"token-3", "token-4"}, refreshed)
		assert.Equal(t, "token-4", challenge(t, s, nbf(1), "token-1"), "the one in use is newer than the renewal")
		assert.Equal(t, "token-5", challenge(t, s, nbf(2), "token-3"), "which is older than this one")
	})
}

func TestClaimsOfARefusalThatNobodyChallenged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refusal := *interaction
		refusal.Claims = capol("p")
		requests := 0
		s := New(func(context.Context, msalcae.TokenRequest) (*msalcae.Token, error) { requests++; return nil, &refusal })
		for range 3 {
			_, err := s.Token(t.Context(), msalcae.TokenRequest{})
			require.ErrorIs(t, err, msalcae.ErrInteractionRequired)
		}
		assert.Equal(t, 1, requests)
		assert.JSONEq(t, capol("p"), s.PendingClaims())

		entra := &issuer{}
		s = New(func(ctx context.Context, req msalcae.TokenRequest) (*msalcae.Token, error) {
			if req.Claims != "" {
				return nil, &refusal
			}
			return entra.acquire(ctx, req)
		})
		_, err := s.Token(t.Context(), msalcae.TokenRequest{Claims: acrs("c1"), Rejected: token(t, s)})
		require.Error(t, err)
		assert.Empty(t, s.PendingClaims(), "a step-up leaves nothing")
	})
}

func TestSignInClearsOtherRefusals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{}
		var signedIn atomic.Bool
		s := prompting(grantingAfter(&signedIn, entra), func(context.Context, msalcae.TokenRequest) (*msalcae.Token, error) {
			signedIn.Store(true)
			return entra.token("signed in"), nil
		})
		first := token(t, s)
		_, err := s.Token(t.Context(), msalcae.TokenRequest{Claims: acrs("c2"), Rejected: first, NoPrompt: true})
		require.Error(t, err)
		c1 := challenge(t, s, acrs("c1"), first)
		_, err = s.Token(t.Context(), msalcae.TokenRequest{Claims: acrs("c2"), Rejected: c1, NoPrompt: true})
		assert.NoError(t, err, "Entra may well answer differently now")
	})
}

func TestCacheIsTrustedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{life: time.Hour}
		var stale *msalcae.Token
		entra.answer = func(n int, req msalcae.TokenRequest) (*msalcae.Token, error) {
			if n == 1 {
				stale = &msalcae.Token{Value: "stale", ExpiresOn: time.Now().Add(2 * time.Hour)}
				return stale, nil
			}
			if n == 3 {
				return stale, nil // D2
			}
			return nil, nil
		}
		s := New(entra.acquire)
		challenge(t, s, nbf(0), token(t, s))
		for range 2 {
			time.Sleep(56 * time.Minute)
			token(t, s)
			synctest.Wait()
			time.Sleep(time.Minute)
			token(t, s)
			synctest.Wait()
		}
		require.Len(t, entra.claims, 5)
		assert.Equal(t, []string{"", "{}", ""}, entra.claims[2:], "after a new token the cache may be asked")
	})
}

func TestHookThatEndsItsGoroutineAfterAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(func(context.Context, msalcae.TokenRequest) (*msalcae.Token, error) { return nil, sessionOver })
		trace := &msalcae.Trace{Acquired: func(context.Context, msalcae.AcquiredInfo) { runtime.Goexit() }}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		_, err := s.Token(ctx, msalcae.TokenRequest{Trace: trace})
		assert.ErrorIs(t, err, msalcae.ErrInteractionRequired)
	})
}

func TestPlainRefusalOfAnotherToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{}
		s := New(entra.acquire)
		token(t, s)
		time.Sleep(time.Hour)
		s.Refused("an older one", "")
		synctest.Wait()
		assert.Equal(t, 1, entra.requests())
	})
}

func TestRenewalThatMoreClaimsOvertake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		acquire, asked := recording(&issuer{latency: time.Second})
		s := New(acquire)
		first := token(t, s)
		one := ask(t, s, msalcae.TokenRequest{Claims: nbf(0), Rejected: first})
		time.Sleep(time.Second / 2) // so that they do not end at one time
		two := ask(t, s, msalcae.TokenRequest{Claims: capol("p"), Rejected: first})
		assert.Equal(t, "token-2", <-one)
		assert.Equal(t, "token-3", <-two)
		assert.Contains(t, asked()[2].Claims, "capolids")
		assert.Equal(t, "token-3", token(t, s))
	})
}

func TestRenewalBeforeARevocationDoesNotAnswerIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{life: time.Hour}
		s := New(entra.acquire)
		first := token(t, s)
		challenge(t, s, nbf(0), first) // token-2
		time.Sleep(56 * time.Minute)
		token(t, s)
		synctest.Wait()
		require.Equal(t, "token-3", token(t, s))
		entra.latency = time.Second
		renewed := ask(t, s, msalcae.TokenRequest{Claims: nbf(1), Rejected: "token-3"})
		assert.Equal(t, "token-4", challenge(t, s, nbf(2), first), "a late 401; token-2 is older than what was revoked")
		assert.Equal(t, "token-4", <-renewed)
	})
}

func TestOlderTokensRefusalLeavesTheOneInUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{}
		s := New(entra.acquire)
		token(t, s)
		entra.latency = time.Second
		renewed := ask(t, s, msalcae.TokenRequest{Claims: capol("p"), Rejected: "of an earlier process"})
		start := time.Now()
		assert.Equal(t, "token-1", token(t, s), "nobody has refused it")
		assert.Zero(t, time.Since(start))
		assert.Equal(t, "token-2", <-renewed)
		assert.Equal(t, "token-2", token(t, s))
		challenge(t, s, capol("p"), "of an earlier process")
		challenge(t, s, capol("p"), "token-1")
		assert.Empty(t, s.PendingClaims(), "late 401s that were answered long ago ask for nothing")
	})
}

func TestWhatRidesAlongCausesNoPrompt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{}
		over := false
		var asked string
		s := prompting(func(ctx context.Context, req msalcae.TokenRequest) (*msalcae.Token, error) {
			if over {
				return nil, sessionOver
			}
			return entra.acquire(ctx, req)
		}, func(_ context.Context, req msalcae.TokenRequest) (*msalcae.Token, error) {
			asked = req.Claims
			return entra.token("signed in"), nil
		})
		c1 := challenge(t, s, acrs("c1"), token(t, s))
		over = true
		challenge(t, s, nbf(0), c1)
		assert.JSONEq(t, nbf(0), asked, "the person is not asked for a step-up that nobody wants now")
	})
}
