package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/msalcae/msalcae"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestProcessesThatStartAtOnceMakeOneRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{latency: time.Second}
		shared := newMemoryStore()
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() { assert.Equal(t, "token-1", token(t, process(shared, entra.acquire))) })
		}
		wg.Wait()
		assert.Equal(t, 1, entra.requests())
	})
}

func TestOneRequestPerRevocationForAllProcesses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{latency: time.Second}
		shared := newMemoryStore()
		var all []*source
		for range 8 {
			s := process(shared, entra.acquire)
			require.Equal(t, "token-1", token(t, s))
			all = append(all, s)
		}
		var wg sync.WaitGroup
		for n, s := range all {
			for i := range 10 {
				wg.Go(func() {
					time.Sleep(time.Duration(n*10+i) * 50 * time.Millisecond) // over 4 s, an nbf each
					assert.Equal(t, "token-2", challenge(t, s, nbf(n*10+i), "token-1"))
				})
			}
		}
		wg.Wait()
		assert.Equal(t, 2, entra.requests())
		time.Sleep(time.Minute)
		assert.Equal(t, "token-3", challenge(t, all[0], nbf(99), "token-2"), "the next one is another")
		assert.Equal(t, "token-3", challenge(t, all[1], nbf(99), "token-2"))
		assert.Equal(t, 3, entra.requests())
	})
}

func TestVoidedElsewhereIsNotSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cached := &msalcae.Token{Value: "cached", ExpiresOn: time.Now().Add(time.Hour)}
		acquire := func(_ context.Context, req msalcae.TokenRequest) (*msalcae.Token, error) {
			if req.Claims == "" {
				return cached, nil // from the file under MSAL
			}
			return nil, &msalcae.Error{Status: 400, Code: "invalid_client"}
		}
		shared := newMemoryStore()
		a := process(shared, acquire)
		_, err := a.Token(t.Context(), msalcae.TokenRequest{Claims: nbf(0), Rejected: token(t, a)})
		require.Error(t, err)
		b := process(shared, acquire)
		_, err = b.Token(t.Context(), msalcae.TokenRequest{})
		require.Error(t, err, "the next process finds it in the file, and does not send it")
	})
}

func TestTokenInUseIsDroppedWhenVoidedElsewhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{life: time.Hour}
		shared := newMemoryStore()
		a, b := process(shared, entra.acquire), process(shared, entra.acquire)
		token(t, a)
		token(t, b)
		challenge(t, a, nbf(0), "token-1")
		rejected := 0
		trace := &msalcae.Trace{Rejected: func(_ context.Context, i msalcae.RejectedInfo) { rejected++ }}
		time.Sleep(56 * time.Minute)
		b.Token(t.Context(), msalcae.TokenRequest{Trace: trace}) // starts a refresh, which meets the news
		synctest.Wait()
		assert.Equal(t, "token-2", token(t, b))
		assert.Equal(t, 1, rejected)
		assert.Equal(t, 2, entra.requests(), "none of b's")
	})
}

func TestPendingClaimsAreConsumedByAnotherProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{}
		entra.answer = func(n int, req msalcae.TokenRequest) (*msalcae.Token, error) {
			if n == 2 {
				return nil, sessionOver
			}
			return nil, nil
		}
		shared := newMemoryStore()
		a := process(shared, entra.acquire)
		_, err := a.Token(t.Context(), msalcae.TokenRequest{Claims: nbf(0), Rejected: token(t, a)})
		require.ErrorIs(t, err, msalcae.ErrInteractionRequired)

		b := process(shared, entra.acquire)
		assert.JSONEq(t, nbf(0), b.PendingClaims(), "for a login in the next process")
		assert.Equal(t, "token-3", token(t, process(shared, entra.acquire)))
		assert.JSONEq(t, nbf(0), entra.claims[2], "they ride on another's acquisition")
		assert.Empty(t, process(shared, entra.acquire).PendingClaims())
		time.Sleep(interactionPause)
		assert.Equal(t, "token-3", token(t, a), "what the other has obtained serves here")
		assert.Empty(t, a.PendingClaims())
		assert.Equal(t, 3, entra.requests())
	})
}

func TestRefreshDoesNotWaitForAnotherProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{life: time.Hour}
		shared := newMemoryStore()
		a, b := process(shared, entra.acquire), process(shared, entra.acquire)
		token(t, a)
		token(t, b)
		entra.latency = 10 * time.Second
		time.Sleep(56 * time.Minute)
		var refreshed error
		trace := &msalcae.Trace{Refreshed: func(_ context.Context, i msalcae.RefreshedInfo) { refreshed = i.Err }}
		token(t, a)
		synctest.Wait()
		b.Token(t.Context(), msalcae.TokenRequest{Trace: trace})
		synctest.Wait()
		assert.ErrorContains(t, refreshed, "another process is refreshing")
		assert.Equal(t, 2, entra.requests())
		time.Sleep(time.Minute)
		token(t, b) // the next attempt finds what a has obtained
		synctest.Wait()
		assert.Equal(t, "token-2", token(t, b))
		assert.Equal(t, 2, entra.requests())
	})
}

func TestRefreshOvertakenByAnotherProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{life: time.Hour}
		shared := newMemoryStore()
		a, b := process(shared, entra.acquire), process(shared, entra.acquire)
		token(t, a)
		token(t, b)
		time.Sleep(56 * time.Minute)
		entra.latency = 10 * time.Second
		token(t, a) // its refresh is slow: token-2
		synctest.Wait()
		entra.latency = time.Second
		assert.Equal(t, "token-3", challenge(t, b, nbf(0), "token-1"))
		time.Sleep(time.Minute)
		assert.Equal(t, "token-3", token(t, a), "token-2 was asked for before the challenge")
		assert.Equal(t, "token-3", token(t, process(shared, entra.acquire)))
		assert.Equal(t, 3, entra.requests())
	})
}

func TestThrottlingIsShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{}
		entra.answer = func(n int, _ msalcae.TokenRequest) (*msalcae.Token, error) {
			if n == 1 {
				return nil, &msalcae.Error{Status: 429, RetryAfter: time.Minute}
			}
			return nil, nil
		}
		shared := newMemoryStore()
		_, err := process(shared, entra.acquire).Token(t.Context(), msalcae.TokenRequest{})
		require.Error(t, err)
		b := process(shared, entra.acquire)
		_, err = b.Token(t.Context(), msalcae.TokenRequest{})
		require.ErrorIs(t, err, msalcae.ErrPaused)
		assert.ErrorContains(t, err, "paused for 1m0s")
		assert.Equal(t, 1, entra.requests())
		time.Sleep(time.Minute)
		token(t, b)
	})
}

func TestChallengeThatCausesNoFlightIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{}
		shared := newMemoryStore()
		a, b := process(shared, entra.acquire), process(shared, entra.acquire)
		a.ChallengesPerMinute = 1
		tok := challenge(t, a, nbf(0), token(t, a))
		_, err := a.Token(t.Context(), msalcae.TokenRequest{Claims: nbf(1), Rejected: tok})
		require.ErrorIs(t, err, msalcae.ErrPaused)
		synctest.Wait()
		assert.NotEqual(t, tok, token(t, b))
		assert.JSONEq(t, nbf(1), entra.claims[2])
	})
}

func TestSignedOutSourceSharesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{latency: time.Second}
		shared := newMemoryStore()
		s := process(shared, entra.acquire)
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		_, err := s.Token(ctx, msalcae.TokenRequest{})
		require.Error(t, err) // its flight goes on
		s.Forget()
		time.Sleep(time.Minute)
		assert.Empty(t, shared.snapshot().Tokens, "the token of one who has left")
	})
}

func TestRefreshTakesNothingOlderFromAnotherProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{life: time.Hour}
		shared := newMemoryStore()
		early := func(life time.Duration) Acquirer {
			return func(ctx context.Context, req msalcae.TokenRequest) (*msalcae.Token, error) {
				tok, err := entra.acquire(ctx, req)
				if tok != nil {
					tok.ExpiresOn, tok.RefreshOn = time.Now().Add(life), time.Now().Add(life/2)
				}
				return tok, err
			}
		}
		a := process(shared, early(10*time.Hour))
		token(t, a)
		shared.stop("none") // and forgets what a has shared
		b := process(shared, early(6*time.Hour))
		require.Equal(t, "token-2", token(t, b))
		time.Sleep(5 * time.Hour)
		token(t, a)
		synctest.Wait()
		assert.Equal(t, "token-3", token(t, a), "b's ends sooner than the one in use")
	})
}

// A token whose end is not known is void for others for as long as one can last.
func TestRefusalOfAnUnknownTokenIsShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shared := newMemoryStore()
		s := process(shared, (&issuer{}).acquire)
		s.ChallengesPerMinute = -1
		token(t, s)
		for n := range 2 * maxTold {
			rejected := fmt.Sprint("of an earlier process ", n)
			challenge(t, s, capol(rejected), rejected)
			if n == 0 {
				require.Len(t, shared.snapshot().Voided, 1)
				assert.Equal(t, FingerprintOf(rejected), shared.snapshot().Voided[0].Print)
				assert.Equal(t, time.Now().Add(VoidLife), shared.snapshot().Voided[0].Until)
			}
		}
		assert.LessOrEqual(t, len(s.state.refusals), maxTold)
	})
}

// A process that learns that its token is void while claims are pending asks Entra
// by a lease all the same.
func TestLeaseOfAProcessWhoseTokenIsVoid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{latency: time.Second}
		entra.answer = func(n int, _ msalcae.TokenRequest) (*msalcae.Token, error) {
			if n == 2 {
				return nil, errors.New("no network")
			}
			return nil, nil
		}
		shared := newMemoryStore()
		a, b := process(shared, entra.acquire), process(shared, entra.acquire)
		require.Equal(t, "token-1", token(t, a))
		_, err := a.Token(t.Context(), msalcae.TokenRequest{Claims: capol("p"), Rejected: "of an earlier process"})
		require.Error(t, err)
		shared.add(News{Voided: []VoidedToken{{FingerprintOf("token-1"), time.Now().Add(time.Hour)}}})
		theirs := ask(t, b, msalcae.TokenRequest{})
		_, err = a.Token(t.Context(), msalcae.TokenRequest{Claims: capol("p"), Rejected: "of an earlier process"})
		require.NoError(t, err)
		assert.Equal(t, "token-3", <-theirs)
		assert.Equal(t, 3, entra.requests())
	})
}

func TestMinTTLTakesNoShorterTokenFromAnotherProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shared := newMemoryStore()
		token(t, process(shared, (&issuer{life: time.Hour}).acquire))
		ours := &issuer{life: 10 * time.Hour}
		tok, err := process(shared, ours.acquire).Token(t.Context(), msalcae.TokenRequest{MinTTL: 2 * time.Hour})
		require.NoError(t, err)
		assert.Equal(t, 10*time.Hour, time.Until(tok.ExpiresOn))
	})
}
