package engine

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/msalcae/msalcae"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// recording keeps what an issuer is asked.
func recording(i *issuer) (Acquirer, func() []msalcae.TokenRequest) {
	var mu sync.Mutex
	var all []msalcae.TokenRequest
	return func(ctx context.Context, req msalcae.TokenRequest) (*msalcae.Token, error) {
			mu.Lock()
			all = append(all, req)
			mu.Unlock()
			return i.acquire(ctx, req)
		}, func() []msalcae.TokenRequest {
			mu.Lock()
			defer mu.Unlock()
			return all
		}
}

func TestRejectedTokenIsToBeEvicted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		acquire, asked := recording(&issuer{})
		s := New(acquire)
		challenge(t, s, nbf(0), token(t, s))
		assert.Equal(t, "token-1", asked()[1].Rejected)
		challenge(t, s, capol("p"), "of an earlier process")
		assert.Equal(t, "of an earlier process", asked()[2].Rejected)
		time.Sleep(24 * time.Hour)
		token(t, s)
		assert.Empty(t, asked()[3].Rejected, "it was done")
		for _, req := range asked() {
			assert.True(t, req.NoPrompt)
		}
	})
}

func TestConflictingDemandsAreEachAskedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		acquire, asked := recording(&issuer{latency: time.Second})
		s := New(acquire)
		first := token(t, s)
		one := ask(t, s, msalcae.TokenRequest{Claims: capol("p1"), Rejected: first})
		time.Sleep(500 * time.Millisecond)
		two := ask(t, s, msalcae.TokenRequest{Claims: capol("p2"), Rejected: first})
		assert.NotEqual(t, <-one, <-two)
		require.Len(t, asked(), 3)
		assert.JSONEq(t, capol("p1"), asked()[1].Claims)
		assert.JSONEq(t, capol("p2"), asked()[2].Claims)
	})
}

func TestDemandsOfTheTokenInUseRideAlongForAnOlderOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		acquire, asked := recording(&issuer{})
		s := New(acquire)
		c1 := challenge(t, s, acrs("c1"), token(t, s))
		next := challenge(t, s, capol("p"), "of an earlier process")
		assert.Contains(t, asked()[2].Claims, `"acrs"`)
		assert.Equal(t, next, challenge(t, s, acrs("c1"), "token-1"), "what rode along was granted")
		assert.NotEqual(t, c1, next)
		assert.Len(t, asked(), 3)
	})
}

func TestOlderTokensRefusalEmptiesWhatWasKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		acquire, asked := recording(&issuer{})
		s := New(acquire)
		challenge(t, s, acrs("c1"), token(t, s))
		c2 := challenge(t, s, acrs("c2"), "token-2")
		challenge(t, s, capol("p"), "token-1") // the policy holds for all
		require.Len(t, asked(), 4)
		challenge(t, s, acrs("c1"), c2)
		assert.Len(t, asked(), 5, "the one that was kept lacks the policy")
	})
}

func TestRefusedRefreshIsNoDoubt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{}
		prompts := 0
		s := prompting(entra.acquire, signingIn(entra, &prompts))
		s.Refused(token(t, s), nbf(0)) // a token that answers no challenge yet
		assert.Equal(t, "token-2", token(t, s))
		assert.Zero(t, prompts, "nothing was asked silently for it")
	})
}

func TestRefusedSignInIsNoDoubt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{}
		prompts := 0
		s := prompting(func(ctx context.Context, req msalcae.TokenRequest) (*msalcae.Token, error) {
			if req.Claims != "" && prompts == 0 {
				return nil, interaction
			}
			return entra.acquire(ctx, req)
		}, signingIn(entra, &prompts))
		s.Refused(challenge(t, s, nbf(0), token(t, s)), nbf(1))
		token(t, s)
		assert.Equal(t, 1, prompts, "a person has signed in for it; another prompt would bring the same")
	})
}

func TestVoidElsewhereLeavesTheWarmPathWarm(t *testing.T) {
	s := New((&issuer{}).acquire)
	ctx := t.Context()
	token(t, s)
	s.flow.Voids.add(s.flow.Voids.Fingerprint("another's"), time.Time{})
	token(t, s) // looks once
	assert.Equal(t, s.flow.Voids.changes.Load(), s.current.Load().seen.Load(), "and need not look again")
	assert.Zero(t, testing.AllocsPerRun(100, func() { s.Token(ctx, msalcae.TokenRequest{}) }))
}

func TestEndedContexts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{life: time.Hour}
		s := New(entra.acquire)
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := s.Token(ended, msalcae.TokenRequest{})
		assert.Equal(t, context.Canceled, err)
		synctest.Wait()
		assert.Zero(t, entra.requests())

		token(t, s)
		time.Sleep(30 * time.Minute)
		entra.latency = time.Minute
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = s.Token(ctx, msalcae.TokenRequest{MinTTL: 45 * time.Minute})
		assert.Equal(t, context.DeadlineExceeded, err, "although there is a fallback")
		time.Sleep(2 * time.Minute)
	})
}

func TestThrottledForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{}
		entra.answer = func(int, msalcae.TokenRequest) (*msalcae.Token, error) { return nil, &msalcae.Error{Status: 503} }
		s := New(entra.acquire)
		_, err := s.Token(t.Context(), msalcae.TokenRequest{})
		require.Error(t, err)
		assert.Equal(t, Attempts, entra.requests(), "at most twice again")
	})
}

func TestTokenWithoutAValueIsNone(t *testing.T) {
	_, err := New(func(context.Context, msalcae.TokenRequest) (*msalcae.Token, error) {
		return &msalcae.Token{ExpiresOn: time.Now().Add(time.Hour)}, nil
	}).Token(t.Context(), msalcae.TokenRequest{})
	assert.ErrorIs(t, err, msalcae.ErrNoToken)
}

func TestAnswerThatHasEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{life: time.Hour}
		s := New(entra.acquire)
		challenge(t, s, nbf(0), token(t, s))
		time.Sleep(2 * time.Hour)
		assert.Equal(t, "token-3", challenge(t, s, nbf(1), "token-1"))
	})
}

func TestRenewalsOfSeveralDemandsAreRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{latency: time.Second}
		s := New(entra.acquire)
		first := token(t, s)
		one := ask(t, s, msalcae.TokenRequest{Claims: capol("p1"), Rejected: first})
		time.Sleep(500 * time.Millisecond)
		two := ask(t, s, msalcae.TokenRequest{Claims: capol("p2"), Rejected: first})
		got := []string{<-one, <-two}
		for range 3 { // late 401s of both kinds
			assert.Equal(t, got[0], challenge(t, s, capol("p1"), first))
			assert.Equal(t, got[1], challenge(t, s, capol("p2"), first))
		}
		assert.Equal(t, 3, entra.requests())
	})
}

func TestNewestOfSeveralKeptTokensAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{}
		s := New(entra.acquire)
		both := `{"access_token":{"acrs":{"essential":true,"value":"c1"},"xms_rp_ipaddr":{"value":"203.0.113.7"}}}`
		challenge(t, s, acrs("c1"), token(t, s)) // token-2
		s.lock()
		s.state.kept = append(s.state.kept, newEntry(entra.token("newer"), s.flow.Voids.Fingerprint("newer"), &flight{order: 50, demand: must(both)}, true))
		s.current.Store(nil)
		s.unlock()
		assert.Equal(t, "newer", challenge(t, s, acrs("c1"), "token-1"))
	})
}

func TestNetworkErrorLeadsToNoPrompt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		prompts := 0
		s := prompting(func(context.Context, msalcae.TokenRequest) (*msalcae.Token, error) {
			return nil, &msalcae.Error{Status: 500}
		}, func(context.Context, msalcae.TokenRequest) (*msalcae.Token, error) {
			prompts++
			return nil, ErrDeclined
		})
		for range 3 {
			_, err := s.Token(t.Context(), msalcae.TokenRequest{})
			require.Error(t, err)
		}
		assert.Zero(t, prompts)
	})
}

// The token that was in use stays the one to be evicted, whatever older ones are
// refused after it.
func TestTokenInUseIsEvictedFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{latency: time.Second}
		acquire, asked := recording(entra)
		entra.answer = func(n int, _ msalcae.TokenRequest) (*msalcae.Token, error) {
			if n == 2 {
				return nil, errors.New("no network")
			}
			return nil, nil
		}
		s := New(acquire)
		first := token(t, s)
		ask(t, s, msalcae.TokenRequest{Claims: nbf(0), Rejected: first})
		ask(t, s, msalcae.TokenRequest{Claims: nbf(1), Rejected: "older"})
		time.Sleep(2 * time.Second)
		token(t, s)
		assert.Equal(t, first, asked()[2].Rejected)
	})
}
