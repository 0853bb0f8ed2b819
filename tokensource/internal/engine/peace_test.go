package engine

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/msalcae/msalcae"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Only what a person did, or left undone, brings peace: net/http's timeouts are
// context.DeadlineExceeded too.
func TestPeaceFollowsPeopleNotNetworks(t *testing.T) {
	network := &net.OpError{Op: "dial", Net: "tcp", Err: os.ErrDeadlineExceeded}
	for name, c := range map[string]struct {
		err   error
		peace bool
	}{
		"declined":               {fmt.Errorf("browser: %w", ErrDeclined), true},
		"denied":                 {&msalcae.Error{Code: "access_denied"}, true},
		"code expired":           {fmt.Errorf("%w: %w", ErrCodeExpired, context.DeadlineExceeded), true},
		"nobody came":            {nil, true},
		"network too slow":       {&msalcae.Error{Err: network}, false},
		"a deadline on the way":  {&msalcae.Error{Err: context.DeadlineExceeded}, false},
		"trouble":                {errors.New("no display"), false},
		"Entra had other advice": {&msalcae.Error{Status: 500, Code: "server_error"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				prompts := 0
				s := prompting(func(context.Context, msalcae.TokenRequest) (*msalcae.Token, error) { return nil, interaction },
					func(ctx context.Context, _ msalcae.TokenRequest) (*msalcae.Token, error) {
						prompts++
						if c.err == nil {
							<-ctx.Done()
							return nil, ctx.Err()
						}
						return nil, c.err
					})
				for range 2 {
					_, err := s.Token(t.Context(), msalcae.TokenRequest{})
					assert.NotErrorIs(t, err, msalcae.ErrPaused)
					time.Sleep(time.Second)
				}
				_, err := s.Token(t.Context(), msalcae.TokenRequest{})
				assert.Equal(t, c.peace, errors.Is(err, msalcae.ErrPaused), "%v", err)
				assert.Equal(t, c.peace, prompts == 2, "%d prompts", prompts)
			})
		})
	}
}

func TestAnswerBetweenDeclinesKeepsPeaceAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{}
		answers := []error{ErrDeclined, nil, ErrDeclined, nil}
		prompts := 0
		s := prompting(func(context.Context, msalcae.TokenRequest) (*msalcae.Token, error) { return nil, interaction },
			func(context.Context, msalcae.TokenRequest) (*msalcae.Token, error) {
				prompts++
				return entra.token(fmt.Sprint("signed-in-", prompts)), answers[prompts-1]
			})
		for n, want := range answers {
			_, err := s.Token(t.Context(), msalcae.TokenRequest{Claims: acrs(fmt.Sprint("c", n))})
			assert.Equal(t, want == nil, err == nil, "%v", err)
			time.Sleep(time.Second)
		}
		assert.Equal(t, len(answers), prompts)
	})
}

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

func TestPeaceHoldsForAllWhoAskOnePerson(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, prompts, decline := NewGate(), 0, true
		asking := func() *source {
			return newSource(Flow{
				Acquire: func(context.Context, msalcae.TokenRequest) (*msalcae.Token, error) { return nil, interaction },
				Gate:    g,
				Prompt: func(context.Context, msalcae.TokenRequest) (*msalcae.Token, error) {
					prompts++
					if decline {
						return nil, &msalcae.Error{Code: "access_denied"}
					}
					return &msalcae.Token{Value: "signed in", ExpiresOn: time.Now().Add(time.Hour)}, nil
				},
			})
		}
		a, b := asking(), asking()
		for _, s := range []*source{a, b, a, b, asking()} {
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

func TestPeaceAfterTwoDeclinedPrompts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		prompts := 0
		s := newSource(Flow{
			Acquire: func(context.Context, msalcae.TokenRequest) (*msalcae.Token, error) { return nil, interaction },
			Gate:    NewGate(),
			Prompt: func(context.Context, msalcae.TokenRequest) (*msalcae.Token, error) {
				prompts++
				return nil, &msalcae.Error{Code: "access_denied"}
			},
		})
		var err error
		for n := range 20 {
			_, err = s.Token(t.Context(), msalcae.TokenRequest{Claims: acrs(fmt.Sprint("c", n))})
		}
		require.ErrorIs(t, err, msalcae.ErrPaused)
		assert.Equal(t, 2, prompts)
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
