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

func TestProcessesShareOnePrompt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{}
		shared := newMemoryStore()
		prompts := 0
		var wg sync.WaitGroup
		for range 4 {
			s := newSource(Flow{
				Acquire: func(context.Context, msalcae.TokenRequest) (*msalcae.Token, error) { return nil, interaction },
				Prompt: func(context.Context, msalcae.TokenRequest) (*msalcae.Token, error) {
					prompts++
					time.Sleep(time.Minute)
					return entra.token("signed in"), nil
				},
				Gate: NewGate(), Store: Guarded(shared, storeLimit, nil),
			})
			wg.Go(func() { assert.Equal(t, "signed in", token(t, s)) })
		}
		wg.Wait()
		assert.Equal(t, 1, prompts)
	})
}

func TestSignInServesOtherProcesses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{}
		entra.answer = func(n int, _ msalcae.TokenRequest) (*msalcae.Token, error) {
			if n == 1 {
				return nil, nil
			}
			e := *sessionOver
			e.Claims = capol("p")
			return nil, &e
		}
		shared := newMemoryStore()
		a := process(shared, entra.acquire)
		_, err := a.Token(t.Context(), msalcae.TokenRequest{Claims: nbf(0), Rejected: token(t, a)})
		require.Error(t, err)
		login := process(shared, entra.acquire)
		claims := login.PendingClaims()
		assert.Contains(t, claims, "capolids", "Entra's own claims too")
		login.Adopt(entra.token("signed in"), claims)
		assert.Equal(t, "signed in", token(t, process(shared, entra.acquire)))
		time.Sleep(interactionPause)
		assert.Equal(t, "signed in", token(t, a))
		assert.Equal(t, 2, entra.requests())
	})
}

// While Entra is not to be asked, one person is still asked by one process.
func TestProcessesShareOnePromptDuringAPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{}
		shared := newMemoryStore()
		prompts := 0
		var all []*source
		for range 3 {
			s := newSource(Flow{
				Acquire: func(context.Context, msalcae.TokenRequest) (*msalcae.Token, error) { return nil, interaction },
				Prompt: func(context.Context, msalcae.TokenRequest) (*msalcae.Token, error) {
					prompts++
					time.Sleep(time.Minute)
					return entra.token("signed in"), nil
				},
				Gate: NewGate(), Store: Guarded(shared, storeLimit, nil),
			})
			_, err := s.Token(t.Context(), msalcae.TokenRequest{NoPrompt: true})
			require.ErrorIs(t, err, msalcae.ErrInteractionRequired)
			all = append(all, s)
		}
		shared.add(News{Pause: 10 * time.Minute})
		var wg sync.WaitGroup
		for _, s := range all {
			wg.Go(func() { assert.Equal(t, "signed in", token(t, s)) })
		}
		wg.Wait()
		assert.Equal(t, 1, prompts)
	})
}

// What rode along with a request that nobody could answer silently is asked of no
// person, in whatever process.
func TestWhatRodeAlongIsNotShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refused := *sessionOver
		refused.Claims = capol("p")
		entra := &issuer{}
		entra.answer = func(n int, _ msalcae.TokenRequest) (*msalcae.Token, error) {
			if n == 3 {
				return nil, &refused
			}
			return nil, nil
		}
		shared := newMemoryStore()
		s := process(shared, entra.acquire)
		_, err := s.Token(t.Context(), msalcae.TokenRequest{Claims: nbf(0), Rejected: challenge(t, s, acrs("c1"), token(t, s))})
		require.True(t, errors.Is(err, msalcae.ErrInteractionRequired))
		require.Contains(t, entra.claims[2], "c1")
		assert.NotContains(t, shared.snapshot().Pending.Claims(), "c1")
		assert.Contains(t, shared.snapshot().Pending.Claims(), `"p"`)
		assert.JSONEq(t, s.PendingClaims(), shared.snapshot().Pending.Claims())
	})
}

// A page that waited for another process is opened for nobody.
func TestPromptThatWaitsForALeaseIsOpenedForSomebody(t *testing.T) {
	for name, freed := range map[string]bool{"the holder ends": true, "the holder was stopped": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				prompts := 0
				shared := newMemoryStore()
				shared.stop("prompt")
				s := newSource(Flow{
					Acquire: func(context.Context, msalcae.TokenRequest) (*msalcae.Token, error) { return nil, interaction },
					Prompt: func(context.Context, msalcae.TokenRequest) (*msalcae.Token, error) {
						prompts++
						return (&issuer{}).token("signed in"), nil
					},
					Gate: NewGate(), Store: Guarded(shared, storeLimit, nil),
				})
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				_, err := s.Token(ctx, msalcae.TokenRequest{})
				require.Equal(t, context.DeadlineExceeded, err)
				if freed {
					shared.kill()
				}
				time.Sleep(10 * time.Minute)
				synctest.Wait()
				assert.Zero(t, prompts)
				if !freed {
					shared.kill()
				}
				start := time.Now()
				assert.Equal(t, "signed in", token(t, s))
				assert.Zero(t, time.Since(start), "its lease was given up")
			})
		})
	}
}

// Processes ask one person one thing at a time, whatever it is.
func TestPromptsOfSeveralProcessesTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shared := newMemoryStore()
		var open, prompts atomic.Int32
		var all sync.WaitGroup
		for n := range 3 {
			s := newSource(Flow{
				Acquire: func(context.Context, msalcae.TokenRequest) (*msalcae.Token, error) { return nil, interaction },
				Prompt: func(context.Context, msalcae.TokenRequest) (*msalcae.Token, error) {
					assert.EqualValues(t, 1, open.Add(1))
					defer open.Add(-1)
					time.Sleep(10 * time.Second)
					return (&issuer{}).token(fmt.Sprint("signed in ", prompts.Add(1))), nil
				},
				Gate: NewGate(), Store: Guarded(shared, storeLimit, nil),
			})
			all.Go(func() { challenge(t, s, acrs(fmt.Sprint("c", n)), "some token") })
		}
		all.Wait()
		assert.EqualValues(t, 3, prompts.Load())
	})
}

// What was asked for while another process had its page open rides on the next.
func TestStepUpBehindAnotherProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{}
		shared := newMemoryStore()
		var asked []string
		s := newSource(Flow{
			Acquire: func(ctx context.Context, req msalcae.TokenRequest) (*msalcae.Token, error) {
				if req.Claims != "" {
					return nil, interaction
				}
				return entra.acquire(ctx, req)
			},
			Prompt: func(_ context.Context, req msalcae.TokenRequest) (*msalcae.Token, error) {
				asked = append(asked, req.Claims)
				return entra.token("signed in"), nil
			},
			Gate: NewGate(), Store: Guarded(shared, storeLimit, nil),
		})
		first := token(t, s)
		shared.stop("prompt")
		stepUp := ask(t, s, msalcae.TokenRequest{Claims: acrs("c1"), Rejected: first})
		time.Sleep(10 * time.Second)
		renewed := ask(t, s, msalcae.TokenRequest{Claims: capol("p"), Rejected: first})
		time.Sleep(10 * time.Second)
		shared.kill()
		assert.Equal(t, "signed in", <-stepUp)
		assert.Equal(t, "signed in", <-renewed)
		require.Len(t, asked, 1)
		assert.Contains(t, asked[0], "capolids")
	})
}
