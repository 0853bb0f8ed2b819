package engine

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/msalcae/msalcae"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPromptsCountAsRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		prompts, silent := 0, 0
		s := prompting(func(context.Context, msalcae.TokenRequest) (*msalcae.Token, error) { silent++; return nil, interaction },
			func(context.Context, msalcae.TokenRequest) (*msalcae.Token, error) {
				prompts++
				return &msalcae.Token{Value: fmt.Sprint("signed-in-", prompts), ExpiresOn: time.Now().Add(time.Hour)}, nil
			})
		for n := range 100 {
			s.Token(t.Context(), msalcae.TokenRequest{Claims: acrs(fmt.Sprint("c", n))})
		}
		assert.LessOrEqual(t, prompts+silent, 10, "silent %d, prompts %d", silent, prompts)
	})
}

func TestPendingClaimsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{}
		entra.answer = func(n int, req msalcae.TokenRequest) (*msalcae.Token, error) {
			if n > 1 {
				return nil, &msalcae.Error{Status: 400, Code: "invalid_request"}
			}
			return nil, nil
		}
		s := New(entra.acquire)
		first := token(t, s)
		for n := range 500 {
			claims := fmt.Sprintf(`{"access_token":{"x%d":{"value":"%s"}}}`, n, strings.Repeat("x", 8000))
			s.Token(t.Context(), msalcae.TokenRequest{Claims: claims, Rejected: first})
		}
		longest := 0
		for _, c := range entra.claims {
			longest = max(longest, len(c))
		}
		assert.LessOrEqual(t, len(s.PendingClaims()), 64<<10, "bytes pending")
		assert.LessOrEqual(t, longest, 16<<10, "bytes sent to Entra")
	})
}

func TestDoubtsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New((&issuer{}).acquire)
		token(t, s)
		for n := range 2000 {
			tok, err := s.Token(t.Context(), msalcae.TokenRequest{Claims: acrs(fmt.Sprint("c", n))})
			if err != nil {
				time.Sleep(time.Minute)
				continue
			}
			s.Refused(tok.Value, acrs(fmt.Sprint("c", n)))
		}
		assert.LessOrEqual(t, len(s.state.doubts), maxFailures)
	})
}

func TestDoubtsPass(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{}
		prompts := 0
		s := prompting(entra.acquire, signingIn(entra, &prompts))
		tok := challenge(t, s, nbf(0), token(t, s))
		s.Refused(tok, nbf(1))
		got, err := s.Token(t.Context(), msalcae.TokenRequest{NoPrompt: true}) // silently renewed; the API is content
		require.NoError(t, err)
		time.Sleep(10 * time.Hour)
		challenge(t, s, nbf(2), got.Value) // a policy moved: silent would do
		assert.Zero(t, prompts)
	})
}

func TestHookThatEndsItsGoroutine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{latency: time.Second}
		s := New(entra.acquire)
		trace := &msalcae.Trace{Acquired: func(context.Context, msalcae.AcquiredInfo) { runtime.Goexit() }}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		_, err := s.Token(ctx, msalcae.TokenRequest{Trace: trace})
		assert.NoError(t, err)
	})
}

func TestEscalationUnderConcurrency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{}
		prompts := 0
		s := prompting(entra.acquire, func(context.Context, msalcae.TokenRequest) (*msalcae.Token, error) {
			prompts++
			return entra.token(fmt.Sprint("prompted-", prompts)), nil
		})
		tok := challenge(t, s, nbf(0), token(t, s))
		for n := range 5 { // the API sees another address and refuses every silent token
			next := challenge(t, s, nbf(n), tok) // another call's first send with tok was refused
			s.Refused(tok, nbf(n))               // and now our replay with it, too
			tok = next
		}
		assert.NotZero(t, prompts, "%d silent requests", entra.requests())
	})
}

func TestRetriesCountAsRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{}
		entra.answer = func(n int, _ msalcae.TokenRequest) (*msalcae.Token, error) {
			return nil, &msalcae.Error{Status: 429}
		}
		s := New(entra.acquire)
		start := time.Now()
		for n := range 15 {
			s.Token(t.Context(), msalcae.TokenRequest{Claims: acrs(fmt.Sprint("c", n))})
		}
		assert.LessOrEqual(t, entra.requests(), 10, "in %s", time.Since(start))
	})
}

func TestZeroSource(t *testing.T) {
	assert.NotPanics(t, func() { new(source).Token(t.Context(), msalcae.TokenRequest{}) })
}

func TestFallbackThatEndedMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{life: 30 * time.Second}
		entra.answer = func(n int, _ msalcae.TokenRequest) (*msalcae.Token, error) {
			if n > 1 {
				return nil, &msalcae.Error{Status: 500}
			}
			return nil, nil
		}
		s := New(entra.acquire)
		token(t, s)
		entra.latency = 25 * time.Second
		_, err := s.Token(t.Context(), msalcae.TokenRequest{MinTTL: time.Minute})
		assert.Error(t, err, "the token that would have done has ended while another was sought")
	})
}

func TestTokenVoidedOnItsWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{}
		shared := NewVoids()
		s := newSource(Flow{Acquire: entra.acquire, Voids: shared})
		revoked := token(t, s)
		entra.answer = func(n int, _ msalcae.TokenRequest) (*msalcae.Token, error) {
			if n == 2 { // another source found it in the cache first, and was refused
				shared.add(shared.Fingerprint("token-2"), time.Time{})
			}
			return nil, nil
		}
		assert.Equal(t, "token-3", challenge(t, s, nbf(0), revoked))
	})
}

func TestFlightsEndByTheirOwnLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		s := New(func(ctx context.Context, req msalcae.TokenRequest) (*msalcae.Token, error) {
			<-release // heeds no context
			return nil, ctx.Err()
		})
		start := time.Now()
		_, err := s.Token(t.Context(), msalcae.TokenRequest{})
		var answer *msalcae.Error
		require.ErrorAs(t, err, &answer)
		assert.ErrorContains(t, err, "did not answer within 30s")
		assert.Equal(t, RequestTimeout+overdue, time.Since(start))
		close(release)
	})
}

func TestPanicsAndNothingBecomeErrors(t *testing.T) {
	for name, acquire := range map[string]Acquirer{
		"nothing":  func(context.Context, msalcae.TokenRequest) (*msalcae.Token, error) { return nil, nil },
		"no value": func(context.Context, msalcae.TokenRequest) (*msalcae.Token, error) { return &msalcae.Token{}, nil },
		"map": func(context.Context, msalcae.TokenRequest) (*msalcae.Token, error) {
			var m map[int]int
			m[0] = 1 //lint:ignore SA5000 the panic is what is tested
			return nil, nil
		},
		"secret": func(context.Context, msalcae.TokenRequest) (*msalcae.Token, error) { panic("secret") },
	} {
		t.Run(name, func(t *testing.T) {
			_, err := New(acquire).Token(t.Context(), msalcae.TokenRequest{})
			require.Error(t, err)
			assert.NotContains(t, err.Error(), "secret")
			assert.Regexp(t, "^msalcae: ", err.Error())
		})
	}
}

func TestThrottledRequestsAreTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{}
		entra.answer = func(n int, _ msalcae.TokenRequest) (*msalcae.Token, error) {
			switch {
			case n < 3:
				return nil, &msalcae.Error{Status: 429, RetryAfter: 2 * time.Second}
			case n > 3:
				return nil, &msalcae.Error{Status: 503, RetryAfter: time.Minute}
			}
			return nil, nil
		}
		s := New(entra.acquire)
		start := time.Now()
		first := token(t, s)
		assert.Equal(t, "token-3", first)
		assert.Equal(t, 4*time.Second, time.Since(start))
		for range 3 {
			_, err := s.Token(t.Context(), msalcae.TokenRequest{Claims: nbf(0), Rejected: first})
			require.Error(t, err)
			time.Sleep(10 * time.Second)
		}
		_, err := s.Token(t.Context(), msalcae.TokenRequest{})
		require.ErrorIs(t, err, msalcae.ErrPaused)
		assert.ErrorContains(t, err, "paused for 30s")
		assert.Equal(t, 4, entra.requests(), "Retry-After is honoured")
	})
}

func TestHostileAPICannotStormEntra(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{}
		s := New(entra.acquire)
		tok := token(t, s)
		var err error
		for n := range 100 {
			var next *msalcae.Token
			if next, err = s.Token(t.Context(), msalcae.TokenRequest{Claims: nbf(n), Rejected: tok}); err != nil {
				break
			}
			tok = next.Value
		}
		require.ErrorIs(t, err, msalcae.ErrPaused)
		assert.Equal(t, 11, entra.requests())
		time.Sleep(time.Minute)
		tok = challenge(t, s, nbf(200), tok)
		for n := range 100 {
			if next, err := s.Token(t.Context(), msalcae.TokenRequest{Claims: nbf(n), Rejected: tok}); err == nil {
				tok = next.Value
			}
		}
		assert.Equal(t, 21, entra.requests(), "as many in the next minute")

		s = New(entra.acquire)
		s.ChallengesPerMinute = -1
		for tok, n := token(t, s), 0; n < 100; n++ {
			tok = challenge(t, s, nbf(n), tok)
		}
	})
}

// Whatever becomes of a caller's flights, it makes no more than so many.
func TestNothingSettles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{}
		var s *source
		entra.answer = func(n int, _ msalcae.TokenRequest) (*msalcae.Token, error) {
			if n <= 2*maxRounds {
				s.Forget()
			}
			return nil, nil
		}
		s = New(entra.acquire)
		_, err := s.Token(t.Context(), msalcae.TokenRequest{})
		assert.ErrorContains(t, err, "challenges keep changing")
		synctest.Wait()
		assert.Equal(t, maxRounds, entra.requests())
	})
}
