package engine

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/msalcae/msalcae"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestStepUpThatARevocationOvertakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{}
		prompts := 0
		s := prompting(entra.withoutStepUps, func(context.Context, msalcae.TokenRequest) (*msalcae.Token, error) {
			prompts++
			time.Sleep(time.Minute)
			return entra.token("signed in"), nil
		})
		first := token(t, s)
		got := ask(t, s, msalcae.TokenRequest{Claims: acrs("c1"), Rejected: first})
		assert.Equal(t, "token-2", challenge(t, s, nbf(0), first))
		assert.Equal(t, "signed in", <-got)
		assert.Equal(t, 1, prompts, "the person has just signed in")
		assert.Equal(t, "signed in", token(t, s), "as new as the end of the sign-in")
	})
}

func TestStepUpDoesNotSatisfyWhatCameLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{}
		var refusing atomic.Bool
		s := prompting(func(ctx context.Context, req msalcae.TokenRequest) (*msalcae.Token, error) {
			if refusing.Load() {
				return nil, interaction
			}
			return entra.acquire(ctx, req)
		}, func(context.Context, msalcae.TokenRequest) (*msalcae.Token, error) {
			time.Sleep(time.Minute)
			return entra.token("signed in"), nil
		})
		first := token(t, s)
		refusing.Store(true)
		got := ask(t, s, msalcae.TokenRequest{Claims: acrs("c1"), Rejected: first})
		_, err := s.Token(t.Context(), msalcae.TokenRequest{Claims: nbf(0), Rejected: first, NoPrompt: true})
		require.Error(t, err)
		<-got
		assert.JSONEq(t, nbf(0), s.PendingClaims(), "the page was opened before they were asked for")
		refusing.Store(false)
		assert.NotEqual(t, "signed in", token(t, s))
	})
}

func TestSlowerStepUpDoesNotReplaceTheNewer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{}
		entra.slow(0, 10*time.Second, time.Second)
		s := New(entra.acquire)
		first := token(t, s)
		c1 := ask(t, s, msalcae.TokenRequest{Claims: acrs("c1"), Rejected: first})
		c2 := ask(t, s, msalcae.TokenRequest{Claims: acrs("c2"), Rejected: first})
		assert.Equal(t, "token-2", <-c1)
		assert.Equal(t, "token-3", <-c2)
		assert.Equal(t, "token-3", token(t, s), "asked for later")
		assert.Equal(t, "token-2", challenge(t, s, acrs("c1"), "token-3"), "kept all the same")
		assert.Equal(t, 3, entra.requests())
	})
}

func TestSameTokenForAStepUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{}
		entra.answer = func(int, msalcae.TokenRequest) (*msalcae.Token, error) { return entra.token("always"), nil }
		s := New(entra.acquire)
		first := token(t, s)
		for range 3 {
			_, err := s.Token(t.Context(), msalcae.TokenRequest{Claims: acrs("c1"), Rejected: first})
			require.Error(t, err)
		}
		assert.Equal(t, 2, entra.requests(), "Entra is not asked again at once")
		assert.Equal(t, first, token(t, s))
	})
}

func TestStepUpPromptOutlivesAnEpoch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{}
		prompts := 0
		s := prompting(entra.withoutStepUps, func(context.Context, msalcae.TokenRequest) (*msalcae.Token, error) {
			prompts++
			time.Sleep(time.Minute)
			return nil, ErrDeclined
		})
		first := token(t, s)
		one := ask(t, s, msalcae.TokenRequest{Claims: acrs("c1"), Rejected: first})
		next := challenge(t, s, nbf(0), first)
		two := ask(t, s, msalcae.TokenRequest{Claims: acrs("c1"), Rejected: next})
		assert.Equal(t, ErrDeclined.Error(), <-one)
		assert.Equal(t, ErrDeclined.Error(), <-two)
		assert.Equal(t, 1, prompts, "who comes after a revocation waits for the page that is open")
	})
}

func TestStepUpRefusedOfOneOfSeveralTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{}
		s := New(entra.acquire)
		token(t, s)
		keep := func(value string, order uint64) {
			s.lock()
			defer s.unlock()
			s.state.kept = append(s.state.kept, newEntry(entra.token(value), s.flow.Voids.Fingerprint(value), &flight{order: order, demand: must(acrs("c1"))}, true))
		}
		keep("older", 10)
		keep("middle", 11)
		keep("newer", 12)
		assert.Equal(t, "newer", challenge(t, s, acrs("c1"), "middle"), "it is newer than the one that was refused")
		assert.Equal(t, "token-2", challenge(t, s, acrs("c1"), "newer"), "those that are older are no better")
	})
}

func TestSilentStepUpThatIsRefusedGoesToThePrompt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{}
		prompts := 0
		s := prompting(entra.acquire, signingIn(entra, &prompts))
		silent := challenge(t, s, acrs("c1"), token(t, s))
		require.Zero(t, prompts)
		assert.Equal(t, "signed in", challenge(t, s, acrs("c1"), silent), "Entra would give the same again")
		assert.Equal(t, 2, entra.requests())
	})
}

// Callers of one step-up were refused different tokens. Who is given the very
// token that was refused has an error, and not the others.
func TestSameTokenForOneOfSeveralStepUps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{life: time.Hour}
		entra.answer = func(n int, _ msalcae.TokenRequest) (*msalcae.Token, error) {
			if n == 3 {
				time.Sleep(time.Second)
				return entra.token("token-2"), nil
			}
			return nil, nil
		}
		s := New(entra.acquire)
		first := token(t, s)
		time.Sleep(56 * time.Minute)
		token(t, s)
		synctest.Wait()
		second := token(t, s)
		require.Equal(t, "token-2", second)
		one := ask(t, s, msalcae.TokenRequest{Claims: acrs("c1"), Rejected: first})
		_, err := s.Token(t.Context(), msalcae.TokenRequest{Claims: acrs("c1"), Rejected: second})
		require.ErrorIs(t, err, msalcae.ErrSameToken)
		assert.Equal(t, second, <-one)
	})
}

// News of other tokens send nobody back to Entra who waits for a person.
func TestNewsDuringAStepUpPrompt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{}
		refused := 0
		s := prompting(func(ctx context.Context, req msalcae.TokenRequest) (*msalcae.Token, error) {
			if asking(req.Claims).acrs != "" {
				refused++
				return nil, interaction
			}
			return entra.acquire(ctx, req)
		}, func(context.Context, msalcae.TokenRequest) (*msalcae.Token, error) {
			time.Sleep(time.Minute)
			return entra.token("signed in"), nil
		})
		tok := token(t, s)
		got := ask(t, s, msalcae.TokenRequest{Claims: acrs("c1"), Rejected: tok})
		for n := range 5 {
			time.Sleep(time.Second)
			tok = challenge(t, s, nbf(n), tok)
		}
		assert.Equal(t, "signed in", <-got)
		assert.Equal(t, 1, refused)
	})
}
