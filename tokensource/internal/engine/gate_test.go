package engine

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/msalcae/msalcae"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// queued is a Source whose prompts wait for that of another, until the gate is
// left.
func queued(t *testing.T, silent Acquirer) (s *source, prompts *int) {
	prompts = new(int)
	entra := &issuer{}
	s = prompting(silent, func(context.Context, msalcae.TokenRequest) (*msalcae.Token, error) {
		*prompts++
		return entra.token("signed in"), nil
	})
	_, ok := s.flow.Gate.enter(time.Second)
	require.True(t, ok)
	return s, prompts
}

func refusing(requests *int) Acquirer {
	return func(context.Context, msalcae.TokenRequest) (*msalcae.Token, error) {
		*requests++
		return nil, interaction
	}
}

func TestGateThatStaysShut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		requests := 0
		s, prompts := queued(t, refusing(&requests))
		start := time.Now()
		_, err := s.Token(t.Context(), msalcae.TokenRequest{})
		assert.ErrorContains(t, err, "other sign-ins were waiting")
		assert.Equal(t, promptQueue*promptTimeout, time.Since(start))
		assert.Zero(t, *prompts)
	})
}

func TestRefusalOfJustNowIsNotRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for wait, want := range map[time.Duration]int{time.Second: 1, time.Minute: 2} {
			requests := 0
			s, prompts := queued(t, refusing(&requests))
			got := ask(t, s, msalcae.TokenRequest{})
			time.Sleep(wait)
			s.flow.Gate.leave()
			assert.Equal(t, "signed in", <-got)
			assert.Equal(t, want, requests, "after %s", wait)
			assert.Equal(t, 1, *prompts)
		}
	})
}

func TestNoPageForNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for leaving, turn := range map[time.Duration]time.Duration{
			time.Second:      2 * time.Second, // Entra has refused just now
			10 * time.Second: time.Minute,     // in the queue
			61 * time.Second: time.Minute,     // during the silent attempt
		} {
			requests, want := 0, 1
			if leaving > turn {
				want = 2
			}
			s, prompts := queued(t, func(context.Context, msalcae.TokenRequest) (*msalcae.Token, error) {
				requests++
				if requests > 1 {
					time.Sleep(10 * time.Second)
				}
				return nil, interaction
			})
			ctx, cancel := context.WithTimeout(t.Context(), leaving)
			defer cancel()
			go s.Token(ctx, msalcae.TokenRequest{})
			time.Sleep(turn)
			s.flow.Gate.leave()
			time.Sleep(time.Minute)
			synctest.Wait()
			assert.Zero(t, *prompts, "who waited has left after %s", leaving)
			assert.Equal(t, want, requests, "nor is Entra asked for them")
		}
	})
}

func TestQueuedStepUpsTakeTheirOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		requests := 0
		s, prompts := queued(t, refusing(&requests))
		entra := &issuer{}
		s.Adopt(entra.token("first"), "")
		c1 := ask(t, s, msalcae.TokenRequest{Claims: acrs("c1"), Rejected: "first"})
		keep := func(value, id string, order uint64) {
			s.lock()
			defer s.unlock()
			s.state.kept = append(s.state.kept, newEntry(entra.token(value), s.flow.Voids.Fingerprint(value), &flight{order: order, demand: must(acrs(id))}, true))
		}
		keep("for another", "c2", 100)
		keep("first", "c1", 101) // the one that was refused
		keep("older", "c1", 0)
		time.Sleep(time.Minute)
		s.flow.Gate.leave()
		assert.Equal(t, "signed in", <-c1)
		assert.Equal(t, 1, *prompts)
	})
}

func TestQueuedStepUpTakesWhatCameMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		requests := 0
		s, prompts := queued(t, refusing(&requests))
		entra := &issuer{}
		s.Adopt(entra.token("first"), "")
		c1 := ask(t, s, msalcae.TokenRequest{Claims: acrs("c1"), Rejected: "first"})
		s.lock()
		s.state.kept = append(s.state.kept, newEntry(entra.token("meanwhile"), s.flow.Voids.Fingerprint("meanwhile"), &flight{order: 100, demand: must(acrs("c1"))}, true))
		s.unlock()
		time.Sleep(time.Minute)
		s.flow.Gate.leave()
		assert.Equal(t, "meanwhile", <-c1)
		assert.Zero(t, *prompts)
	})
}

func TestAnsweredPromptEndsARow(t *testing.T) {
	var p peace
	now := time.Now()
	decline := &msalcae.Error{Code: "access_denied"}
	for _, err := range []error{decline, nil, decline, nil, context.DeadlineExceeded, &lateError{"nobody finished the sign-in", time.Minute}} {
		p.prompted(err, now)
		assert.NoError(t, p.err(now))
	}
	p.prompted(ErrDeclined, now)
	require.ErrorIs(t, p.err(now), msalcae.ErrPaused)
	assert.NoError(t, p.err(now.Add(promptPeace)))
	p.prompted(nil, now)
	assert.NoError(t, p.err(now), "a person has signed in after all")
}

func TestQueuedPromptThatMoreClaimsOvertake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{}
		var asked []string
		s := prompting(func(_ context.Context, req msalcae.TokenRequest) (*msalcae.Token, error) {
			if req.Claims != "" {
				return nil, interaction
			}
			return entra.token("first"), nil
		}, func(_ context.Context, req msalcae.TokenRequest) (*msalcae.Token, error) {
			asked = append(asked, req.Claims)
			return entra.token("signed in"), nil
		})
		first := token(t, s)
		s.flow.Gate.enter(time.Second)
		one := ask(t, s, msalcae.TokenRequest{Claims: nbf(0), Rejected: first})
		two := ask(t, s, msalcae.TokenRequest{Claims: capol("p"), Rejected: first})
		time.Sleep(time.Second)
		s.flow.Gate.leave()
		assert.Equal(t, "signed in", <-one)
		assert.Equal(t, "signed in", <-two)
		require.Len(t, asked, 1, "one page, for all that is asked")
		assert.Contains(t, asked[0], "capolids")
	})
}

// What was asked for while a step-up waited for its turn rides on it.
func TestQueuedStepUpAndARevocationCostOnePrompt(t *testing.T) {
	for name, revoked := range map[string]func(t *testing.T, s *source, first string) string{
		"of the token it was asked of": func(_ *testing.T, _ *source, first string) string { return first },
		"of a newer one":               func(t *testing.T, s *source, first string) string { return challenge(t, s, nbf(0), first) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				entra := &issuer{}
				var asked []string
				over, silent, evicted := false, "", ""
				s := prompting(func(ctx context.Context, req msalcae.TokenRequest) (*msalcae.Token, error) {
					if over || asking(req.Claims).acrs != "" {
						silent = req.Claims
						return nil, interaction
					}
					return entra.acquire(ctx, req)
				}, func(_ context.Context, req msalcae.TokenRequest) (*msalcae.Token, error) {
					asked, evicted = append(asked, req.Claims), req.Rejected
					time.Sleep(time.Second)
					return entra.token(fmt.Sprint("signed in ", len(asked))), nil
				})
				first := token(t, s)
				s.flow.Gate.enter(0) // somebody else's page is open
				stepUp := ask(t, s, msalcae.TokenRequest{Claims: acrs("c1"), Rejected: first})
				time.Sleep(10 * time.Second)
				bad := revoked(t, s, first)
				over = true // the session
				renewed := ask(t, s, msalcae.TokenRequest{Claims: capol("p"), Rejected: bad})
				time.Sleep(10 * time.Second)
				s.flow.Gate.leave()
				assert.Equal(t, "signed in 1", <-stepUp)
				assert.Equal(t, "signed in 1", <-renewed)
				require.Len(t, asked, 1)
				assert.Contains(t, asked[0], "c1")
				assert.Contains(t, asked[0], "capolids")
				assert.Equal(t, asked[0], silent, "first without a person")
				assert.Equal(t, bad, evicted)
				synctest.Wait()
				assert.Equal(t, "signed in 1", token(t, s))
				assert.Empty(t, s.PendingClaims())
				time.Sleep(time.Minute)
			})
		})
	}
}
