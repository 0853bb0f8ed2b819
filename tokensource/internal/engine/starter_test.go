package engine

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/msalcae/msalcae"
	"github.com/stretchr/testify/assert"
)

// hurried gives what acquire gives, and notes in *left how much time it had.
func hurried(acquire Acquirer, left *time.Duration) Acquirer {
	return func(ctx context.Context, req msalcae.TokenRequest) (*msalcae.Token, error) {
		end, _ := ctx.Deadline()
		*left = time.Until(end)
		return acquire(ctx, req)
	}
}

// However a flight begins, a token request has the time that its starter gives.
func TestFlightHasItsStartersLimits(t *testing.T) {
	const limit = 7 * time.Second
	const due = 24*time.Hour - refreshLead
	for name, start := range map[string]func(t *testing.T, s *source, first string){
		"a cold call": func(t *testing.T, s *source, first string) {
			s.Forget()
			s.RequestTimeout = limit
			token(t, s)
		},
		"a challenge": func(t *testing.T, s *source, first string) {
			s.RequestTimeout = limit
			challenge(t, s, nbf(0), first)
		},
		"a warm call": func(t *testing.T, s *source, first string) {
			time.Sleep(due)
			s.RequestTimeout = limit
			assert.Equal(t, first, token(t, s), "it is refreshed in the background")
		},
		"a challenge that was answered before": func(t *testing.T, s *source, first string) {
			second := challenge(t, s, nbf(0), first)
			time.Sleep(due)
			s.RequestTimeout = limit
			assert.Equal(t, second, challenge(t, s, nbf(1), first), "it is refreshed in the background")
		},
		"a plain 401": func(t *testing.T, s *source, first string) {
			time.Sleep(time.Hour)
			s.RequestTimeout = limit
			s.Refused(first, "")
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			var left time.Duration
			s := New(hurried((&issuer{}).acquire, &left))
			first := token(t, s)
			assert.Equal(t, RequestTimeout, left)
			start(t, s, first)
			synctest.Wait()
			assert.Equal(t, limit, left, name)
		})
	}
}

func TestPromptHasItsStartersLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const limit, patience = 7 * time.Second, 11 * time.Minute
		var silent, asked time.Duration
		requests := 0
		s, _ := queued(t, hurried(refusing(&requests), &silent))
		s.flow.Prompt = hurried(s.flow.Prompt, &asked)
		s.RequestTimeout, s.PromptTimeout = limit, patience
		got := ask(t, s, msalcae.TokenRequest{})
		time.Sleep(time.Minute)
		silent = 0
		s.flow.Gate.leave()
		assert.Equal(t, "signed in", <-got)
		assert.Equal(t, limit, silent, "before a prompt that had to wait")
		assert.Equal(t, patience, asked)
	})
}
