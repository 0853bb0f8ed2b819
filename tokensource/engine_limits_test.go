package tokensource

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/msalcae/msalcae"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPeaceHoldsForQueuedPrompts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		prompts := 0
		s := prompting(func(context.Context, msalcae.TokenRequest) (*msalcae.Token, error) { return nil, interaction },
			func(context.Context, msalcae.TokenRequest) (*msalcae.Token, error) {
				prompts++
				time.Sleep(10 * time.Second)
				return nil, &msalcae.Error{Code: "access_denied"}
			})
		var wg sync.WaitGroup
		for n := range 8 {
			wg.Go(func() { s.Token(t.Context(), msalcae.TokenRequest{Claims: acrs(fmt.Sprint("c", n))}) })
		}
		wg.Wait()
		assert.Equal(t, 2, prompts, "none for a minute after the second decline")
	})
}

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
		assert.LessOrEqual(t, len(s.pendingClaims()), 64<<10, "bytes pending")
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
		s := prompting(entra.acquire, func(context.Context, msalcae.TokenRequest) (*msalcae.Token, error) {
			prompts++
			return entra.token("signed in"), nil
		})
		tok := challenge(t, s, nbf(0), token(t, s))
		s.Refused(tok, nbf(1))
		got, err := s.Token(t.Context(), msalcae.TokenRequest{NoPrompt: true}) // silently renewed; the API is content
		require.NoError(t, err)
		time.Sleep(10 * time.Hour)
		challenge(t, s, nbf(2), got.Value) // a policy moved: silent would do
		assert.Zero(t, prompts)
	})
}

func TestPromptThatBringsAVoidedToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		prompts := 0
		entra := &issuer{}
		s := prompting(func(context.Context, msalcae.TokenRequest) (*msalcae.Token, error) { return nil, interaction },
			func(context.Context, msalcae.TokenRequest) (*msalcae.Token, error) {
				prompts++
				return entra.token("cached"), nil
			})
		s.flow.voids.add(fingerprintOf("cached"), time.Time{}) // by another source of the client
		_, err := s.Token(t.Context(), msalcae.TokenRequest{})
		assert.ErrorIs(t, err, msalcae.ErrSameToken)
		assert.LessOrEqual(t, prompts, 2)
	})
}

func TestPromptThatNobodyAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := prompting(func(context.Context, msalcae.TokenRequest) (*msalcae.Token, error) { return nil, interaction },
			func(ctx context.Context, _ msalcae.TokenRequest) (*msalcae.Token, error) {
				<-ctx.Done()
				return nil, notSignedIn(ctx, ctx.Err()) // what user.ask makes of a Browser's
			})
		_, err := s.Token(t.Context(), msalcae.TokenRequest{})
		assert.ErrorContains(t, err, "nobody finished the sign-in within")
		assert.NotContains(t, err.Error(), "Entra did not answer")
	})
}

func TestNoPromptBecauseOfTheNetwork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		prompts := 0
		var offline atomic.Bool
		g := newGate()
		acquire := func(context.Context, msalcae.TokenRequest) (*msalcae.Token, error) {
			if offline.Load() {
				return nil, &msalcae.Error{Err: errors.New("Entra could not be reached")}
			}
			return nil, interaction
		}
		prompt := func(context.Context, msalcae.TokenRequest) (*msalcae.Token, error) {
			prompts++
			time.Sleep(time.Minute)
			return nil, &msalcae.Error{Code: "access_denied"}
		}
		a := newSource(flow{acquire: acquire, gate: g, prompt: prompt})
		b := newSource(flow{acquire: acquire, gate: g, prompt: prompt})
		var wg sync.WaitGroup
		wg.Go(func() { a.Token(t.Context(), msalcae.TokenRequest{}) })
		time.Sleep(time.Second)
		wg.Go(func() { b.Token(t.Context(), msalcae.TokenRequest{}) })
		time.Sleep(10 * time.Second)
		offline.Store(true)
		wg.Wait()
		assert.Equal(t, 1, prompts, "no browser because of a network error")
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

func TestNoPromptForWhatIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var prompts []string
		var healed atomic.Bool
		g := newGate()
		entra := &issuer{latency: 2 * time.Second}
		var asked atomic.Int32
		acquire := func(ctx context.Context, req msalcae.TokenRequest) (*msalcae.Token, error) {
			n := asked.Add(1)
			time.Sleep(2 * time.Second)
			if n == 1 || healed.Load() {
				return entra.token(fmt.Sprint("silent-", n)), nil
			}
			return nil, interaction
		}
		s := newSource(flow{acquire: acquire, gate: g, prompt: func(_ context.Context, req msalcae.TokenRequest) (*msalcae.Token, error) {
			prompts = append(prompts, req.Claims)
			time.Sleep(time.Minute)
			return entra.token("signed in"), nil
		}})
		first := token(t, s)
		g.enter(time.Second) // another source's prompt
		done := make(chan string)
		go func() { done <- challenge(t, s, nbf(0), first) }()
		time.Sleep(20 * time.Second)
		healed.Store(true) // that sign-in served us too
		g.leave()
		time.Sleep(time.Second) // silent attempt under way
		go s.Token(t.Context(), msalcae.TokenRequest{Claims: capol("p1"), Rejected: first})
		<-done
		synctest.Wait()
		assert.Empty(t, prompts, "prompted for an epoch that is over")
		time.Sleep(10 * time.Minute) // flights end
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
	assert.NotPanics(t, func() { new(Source).Token(t.Context(), msalcae.TokenRequest{}) })
}

func TestSilentBesideAnOpenPrompt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{}
		var healed atomic.Bool
		s := prompting(func(context.Context, msalcae.TokenRequest) (*msalcae.Token, error) {
			if healed.Load() {
				return entra.token("silent"), nil
			}
			return nil, interaction
		}, func(ctx context.Context, _ msalcae.TokenRequest) (*msalcae.Token, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		})
		go s.Token(t.Context(), msalcae.TokenRequest{})
		time.Sleep(time.Minute)
		healed.Store(true)
		tok, err := s.Token(t.Context(), msalcae.TokenRequest{NoPrompt: true})
		require.NoError(t, err, "refused a minute ago; silent acquisition goes on beside an open prompt")
		assert.Equal(t, "silent", tok.Value)
		time.Sleep(10 * time.Minute) // the page is given up
	})
}

func TestTroubleIsNotADecline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		prompts := 0
		s := prompting(func(context.Context, msalcae.TokenRequest) (*msalcae.Token, error) { return nil, interaction },
			func(context.Context, msalcae.TokenRequest) (*msalcae.Token, error) {
				prompts++
				return nil, &msalcae.Error{Status: 503}
			})
		var err error
		for range 3 {
			_, err = s.Token(t.Context(), msalcae.TokenRequest{})
		}
		assert.NotContains(t, err.Error(), "declined")
	})
}

func TestPeaceHoldsForAllWhoAskOnePerson(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, prompts, decline := newGate(), 0, true
		asking := func() *Source {
			return newSource(flow{
				acquire: func(context.Context, msalcae.TokenRequest) (*msalcae.Token, error) { return nil, interaction },
				gate:    g,
				prompt: func(context.Context, msalcae.TokenRequest) (*msalcae.Token, error) {
					prompts++
					if decline {
						return nil, &msalcae.Error{Code: "access_denied"}
					}
					return &msalcae.Token{Value: "signed in", ExpiresOn: time.Now().Add(time.Hour)}, nil
				},
			})
		}
		a, b := asking(), asking()
		for _, s := range []*Source{a, b, a, b, asking()} {
			_, err := s.Token(t.Context(), msalcae.TokenRequest{})
			require.Error(t, err)
		}
		assert.Equal(t, 2, prompts)
		decline = false
		time.Sleep(promptPeace)
		token(t, b)
		assert.Equal(t, 3, prompts)
	})
}
