package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/msalcae/msalcae"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func capol(id string) string {
	return fmt.Sprintf(`{"access_token":{"capolids":{"essential":true,"values":["%s"]}}}`, id)
}

func prompting(acquire, prompt Acquirer) *source {
	return newSource(Flow{Acquire: acquire, Gate: NewGate(), Prompt: prompt})
}

// signingIn is a person who always signs in, and is counted.
func signingIn(entra *issuer, prompts *int) Acquirer {
	return func(context.Context, msalcae.TokenRequest) (*msalcae.Token, error) {
		*prompts++
		return entra.token("signed in"), nil
	}
}

// grantingAfter is an Entra that grants claims silently once the person has
// signed in.
func grantingAfter(signedIn *atomic.Bool, entra *issuer) Acquirer {
	return func(ctx context.Context, req msalcae.TokenRequest) (*msalcae.Token, error) {
		if req.Claims != "" && !signedIn.Load() {
			return nil, interaction
		}
		return entra.acquire(ctx, req)
	}
}

func TestOlderStepUpTokenDoesNotAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{}
		entra.answer = func(n int, req msalcae.TokenRequest) (*msalcae.Token, error) {
			if req.Claims != "" {
				return nil, interaction
			}
			return nil, nil
		}
		prompts := 0
		s := prompting(entra.acquire, func(_ context.Context, req msalcae.TokenRequest) (*msalcae.Token, error) {
			prompts++
			return entra.token(fmt.Sprint("signed-in-", prompts)), nil
		})
		// c1 has a sign-in frequency of an hour.
		first := challenge(t, s, acrs("c1"), token(t, s))
		time.Sleep(time.Hour)
		second := challenge(t, s, acrs("c1"), first)
		time.Sleep(time.Hour)
		third := challenge(t, s, acrs("c1"), second)
		assert.NotEqual(t, first, third, "refused an hour ago for this very demand")
		assert.Equal(t, 3, prompts)
	})
}

func TestTwoGenerationsOneRevocation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{life: time.Hour}
		s := New(entra.acquire)
		old := token(t, s)
		time.Sleep(56 * time.Minute)
		token(t, s)
		synctest.Wait()
		cur := token(t, s) // refreshed; calls with old are still under way
		require.NotEqual(t, old, cur)
		entra.latency = time.Second
		before := entra.requests()
		var wg sync.WaitGroup
		for n := range 20 { // one revocation; every call in flight gets a 401
			rejected := []string{old, cur}[n%2]
			wg.Go(func() {
				time.Sleep(time.Duration(n) * time.Millisecond)
				challenge(t, s, nbf(0), rejected)
			})
		}
		wg.Wait()
		assert.Equal(t, 1, entra.requests()-before, "one revocation")
	})
}

func TestLateRefusalAfterRefresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{life: time.Hour}
		s := New(entra.acquire)
		revoked := token(t, s)
		challenge(t, s, nbf(0), revoked)
		time.Sleep(56 * time.Minute)
		token(t, s)
		synctest.Wait()
		cur := token(t, s)
		require.Equal(t, 3, entra.requests())
		for n := range 5 {
			challenge(t, s, nbf(n), revoked)
		}
		_ = cur
		assert.Equal(t, 3, entra.requests(), "one revocation, answered an hour ago")
	})
}

func TestStepUpLeavesOtherClaimsPending(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{}
		entra.answer = func(n int, req msalcae.TokenRequest) (*msalcae.Token, error) {
			if n == 2 {
				return nil, sessionOver
			}
			return nil, nil
		}
		s := New(entra.acquire)
		first := token(t, s)
		both := `{"access_token":{"nbf":{"essential":true,"value":"1"},"acrs":{"essential":true,"value":"c2"}}}`
		_, err := s.Token(t.Context(), msalcae.TokenRequest{Claims: both, Rejected: first})
		require.Error(t, err)
		challenge(t, s, acrs("c1"), first)
		require.Contains(t, entra.claims[2], `"c1"`)
		assert.Contains(t, s.PendingClaims(), `"c2"`, "no token was obtained with them")
	})
}

func TestStepUpPromptLeavesNewClaimsPending(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{}
		var mu sync.Mutex
		with := map[string]string{}
		var down atomic.Bool
		down.Store(true)
		entra.answer = func(n int, req msalcae.TokenRequest) (*msalcae.Token, error) {
			if n == 1 {
				return nil, nil
			}
			if down.Load() {
				return nil, interaction
			}
			return nil, nil
		}
		s := prompting(entra.acquire, func(_ context.Context, req msalcae.TokenRequest) (*msalcae.Token, error) {
			time.Sleep(time.Minute)
			mu.Lock()
			defer mu.Unlock()
			with["signed in"] = req.Claims
			return entra.token("signed in"), nil
		})
		first := token(t, s)
		np := func(claims string) {
			_, err := s.Token(t.Context(), msalcae.TokenRequest{Claims: claims, Rejected: first, NoPrompt: true})
			require.Error(t, err)
		}
		np(nbf(0)) // pending: nbf
		go s.Token(t.Context(), msalcae.TokenRequest{Claims: acrs("c1"), Rejected: first})
		time.Sleep(10 * time.Second)
		np(capol("p1")) // pending: nbf and capolids
		require.Contains(t, s.PendingClaims(), "p1")
		time.Sleep(2 * time.Minute)
		mu.Lock()
		require.NotContains(t, with["signed in"], "p1")
		mu.Unlock()
		token(t, s)
		mu.Lock()
		defer mu.Unlock()
		assert.Contains(t, with["signed in"], "p1", "it was asked for after all")
		assert.Empty(t, s.PendingClaims())
	})
}

func TestSlowHookHoldsNobodyUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{latency: time.Second}
		s := New(entra.acquire)
		trace := &msalcae.Trace{Acquired: func(context.Context, msalcae.AcquiredInfo) {
			time.Sleep(5 * time.Second) // a logger that writes to a slow disk
		}}
		start := time.Now()
		_, err := s.Token(t.Context(), msalcae.TokenRequest{Trace: trace})
		require.NoError(t, err)
		assert.Equal(t, time.Second, time.Since(start))
		time.Sleep(time.Minute)
	})
}

func TestSignInAfterForgetFreesWaiters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{}
		s := prompting(func(context.Context, msalcae.TokenRequest) (*msalcae.Token, error) { return nil, interaction },
			func(ctx context.Context, _ msalcae.TokenRequest) (*msalcae.Token, error) {
				<-ctx.Done()
				return nil, ctx.Err()
			})
		start := time.Now()
		left := make(chan time.Duration)
		go func() {
			s.Token(t.Context(), msalcae.TokenRequest{})
			left <- time.Since(start)
		}()
		time.Sleep(10 * time.Second)
		s.Forget() // signed out
		time.Sleep(10 * time.Second)
		s.Adopt(entra.token("signed in"), "") // and in again
		assert.Equal(t, "signed in", token(t, s))
		assert.Equal(t, 20*time.Second, <-left)
		time.Sleep(10 * time.Minute) // the page is given up
	})
}

func TestTraceHasNoInternalErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{latency: time.Second}
		s := New(entra.acquire)
		var mu sync.Mutex
		var seen []error
		trace := &msalcae.Trace{Acquired: func(_ context.Context, i msalcae.AcquiredInfo) {
			mu.Lock()
			seen = append(seen, i.Err)
			mu.Unlock()
		}, Joined: func(_ context.Context, i msalcae.JoinedInfo) {
			mu.Lock()
			seen = append(seen, i.Err)
			mu.Unlock()
		}}
		for range 2 {
			go s.Token(t.Context(), msalcae.TokenRequest{Trace: trace})
		}
		time.Sleep(500 * time.Millisecond)
		challenge(t, s, nbf(0), "from elsewhere")
		synctest.Wait()
		mu.Lock()
		defer mu.Unlock()
		for _, err := range seen {
			assert.False(t, errors.Is(err, errSuperseded), "it never leaves the engine")
		}
	})
}

func TestSignInFreesSilentWaiters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{latency: 29 * time.Second}
		s := New(entra.acquire)
		start := time.Now()
		left := make(chan time.Duration)
		go func() { token(t, s); left <- time.Since(start) }()
		time.Sleep(time.Second)
		s.Adopt(entra.token("signed in"), "")
		assert.Equal(t, time.Second, <-left)
		time.Sleep(time.Minute) // the flight ends
	})
}
