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

func TestPromptThatBringsAVoidedToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		prompts := 0
		entra := &issuer{}
		s := prompting(func(context.Context, msalcae.TokenRequest) (*msalcae.Token, error) { return nil, interaction },
			func(context.Context, msalcae.TokenRequest) (*msalcae.Token, error) {
				prompts++
				return entra.token("cached"), nil
			})
		s.flow.Voids.add(s.flow.Voids.Fingerprint("cached"), time.Time{}) // by another source of the client
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
				return nil, &msalcae.Error{Err: fmt.Errorf("nobody finished the sign-in in time: %w", ctx.Err())}
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
		g := NewGate()
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
		a := newSource(Flow{Acquire: acquire, Gate: g, Prompt: prompt})
		b := newSource(Flow{Acquire: acquire, Gate: g, Prompt: prompt})
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

func TestNoPromptForWhatIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var prompts []string
		var healed atomic.Bool
		g := NewGate()
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
		s := newSource(Flow{Acquire: acquire, Gate: g, Prompt: func(_ context.Context, req msalcae.TokenRequest) (*msalcae.Token, error) {
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

func TestQueuedPromptUsesNoTokenThatEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{life: 2 * time.Minute}
		var asked atomic.Int32
		s := prompting(func(_ context.Context, req msalcae.TokenRequest) (*msalcae.Token, error) {
			if asked.Add(1) == 2 || req.Claims == "" {
				return entra.acquire(t.Context(), req)
			}
			return nil, interaction
		}, func(_ context.Context, req msalcae.TokenRequest) (*msalcae.Token, error) {
			return entra.token("signed in"), nil
		})
		s.flow.Gate.enter(time.Second) // another source's prompt
		first := token(t, s)
		got := make(chan *msalcae.Token)
		asked.Store(2)
		go func() {
			tok, _ := s.Token(t.Context(), msalcae.TokenRequest{Claims: acrs("c1"), Rejected: first})
			got <- tok
		}()
		synctest.Wait()
		asked.Store(1)
		s.lock()
		s.state.kept = append(s.state.kept, newEntry(entra.token("kept"), s.flow.Voids.Fingerprint("kept"), &flight{order: 99, demand: must(acrs("c1"))}, true))
		s.unlock()
		time.Sleep(3 * time.Minute)
		asked.Store(2)
		s.flow.Gate.leave()
		assert.Equal(t, "signed in", (<-got).Value)
	})
}

func TestRevokedSessionCostsOneRefusalAndOnePrompt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{latency: time.Second}
		entra.answer = func(n int, req msalcae.TokenRequest) (*msalcae.Token, error) {
			if n > 1 {
				return nil, sessionOver
			}
			return nil, nil
		}
		var asked []string
		s := newSource(Flow{Acquire: entra.acquire, Gate: NewGate(), Prompt: func(ctx context.Context, req msalcae.TokenRequest) (*msalcae.Token, error) {
			asked = append(asked, req.Claims)
			time.Sleep(time.Minute)
			return entra.token("signed in"), nil
		}})
		revoked := token(t, s)
		var wg sync.WaitGroup
		for n := range 200 {
			wg.Go(func() {
				time.Sleep(time.Duration(n) * 500 * time.Millisecond) // before, during and after the prompt
				assert.Equal(t, "signed in", challenge(t, s, nbf(n), revoked))
			})
		}
		wg.Go(func() {
			time.Sleep(10 * time.Second)
			_, err := s.Token(t.Context(), msalcae.TokenRequest{NoPrompt: true})
			assert.ErrorIs(t, err, msalcae.ErrInteractionRequired, "who may not prompt does not wait for one")
		})
		wg.Wait()
		assert.Equal(t, 2, entra.requests())
		require.Len(t, asked, 1)
		assert.Regexp(t, `"nbf":\{"essential":true,"value":"17`, asked[0])
	})
}

func TestPromptCarriesEntrasClaims(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{}
		entra.answer = func(n int, req msalcae.TokenRequest) (*msalcae.Token, error) {
			if n > 1 {
				e := *interaction
				e.Claims = `{"access_token":{"capolids":{"essential":true,"values":["p"]},"nbf":{"value":"7"}}}`
				return nil, &e
			}
			return nil, nil
		}
		var asked string
		s := newSource(Flow{Acquire: entra.acquire, Gate: NewGate(), Prompt: func(ctx context.Context, req msalcae.TokenRequest) (*msalcae.Token, error) {
			asked = req.Claims
			return nil, errors.New("closed")
		}})
		_, err := s.Token(t.Context(), msalcae.TokenRequest{Claims: nbf(0), Rejected: token(t, s)})
		require.ErrorContains(t, err, "closed")
		want := `{"access_token":{"capolids":{"essential":true,"values":["p"]},"nbf":{"value":"7"}}}`
		assert.JSONEq(t, want, asked)
		assert.JSONEq(t, want, s.PendingClaims(), "both stay pending")
		assert.Equal(t, 2, entra.requests())
	})
}

func TestRefusedSilentTokenGoesToThePromptOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{}
		prompts := 0
		s := newSource(Flow{Acquire: entra.acquire, Gate: NewGate(), Prompt: func(context.Context, msalcae.TokenRequest) (*msalcae.Token, error) {
			prompts++
			return entra.token(fmt.Sprint("prompted-", prompts)), nil
		}})
		tok := token(t, s)
		for n := range 5 { // each: a challenge, and another one to the replay
			tok = challenge(t, s, nbf(n), tok)
			s.Refused(tok, nbf(n))
		}
		assert.Equal(t, 1, prompts)
	})
}

func TestSignInElsewhereMakesAPromptNeedless(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{}
		var healed atomic.Bool
		s := prompting(func(ctx context.Context, req msalcae.TokenRequest) (*msalcae.Token, error) {
			if !healed.Load() {
				return nil, interaction
			}
			return entra.acquire(ctx, req)
		}, func(ctx context.Context, _ msalcae.TokenRequest) (*msalcae.Token, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		})
		start := time.Now()
		got := ask(t, s, msalcae.TokenRequest{})
		time.Sleep(10 * time.Second)
		healed.Store(true)
		s.Forget() // another person has signed in, for whom Entra has a token
		assert.Equal(t, "token-1", <-got)
		assert.Equal(t, 10*time.Second, time.Since(start), "not when the page is given up")
		time.Sleep(10 * time.Minute)
	})
}

// A sign-in without what a prompt is open for may have made Entra grant it silently.
func TestSignInForLessMakesAPromptNeedless(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{}
		var signedIn atomic.Bool
		s := prompting(grantingAfter(&signedIn, entra), func(ctx context.Context, _ msalcae.TokenRequest) (*msalcae.Token, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		})
		first := token(t, s)
		start := time.Now()
		got := ask(t, s, msalcae.TokenRequest{Claims: acrs("c1"), Rejected: first})
		time.Sleep(10 * time.Second)
		signedIn.Store(true)
		s.Adopt(entra.token("signed in"), "")
		assert.Equal(t, "token-2", <-got)
		assert.Equal(t, 10*time.Second, time.Since(start), "not when the page is given up")
		time.Sleep(10 * time.Minute)
	})
}
