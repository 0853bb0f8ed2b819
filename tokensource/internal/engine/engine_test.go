package engine

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/wwwauth"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// issuer is an Entra of a few lines: it counts and records what it is asked.

type issuer struct {
	latency time.Duration
	life    time.Duration // of tokens; zero: 24 h

	mu     sync.Mutex
	n      int
	claims []string
	answer func(n int, req msalcae.TokenRequest) (*msalcae.Token, error) // nil result: a new token
}

func (i *issuer) acquire(ctx context.Context, req msalcae.TokenRequest) (*msalcae.Token, error) {
	i.mu.Lock()
	i.n++
	n := i.n
	i.claims = append(i.claims, req.Claims)
	i.mu.Unlock()
	if i.latency > 0 {
		select {
		case <-time.After(i.latency):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if i.answer != nil {
		if tok, err := i.answer(n, req); tok != nil || err != nil {
			return tok, err
		}
	}
	return i.token(fmt.Sprintf("token-%d", n)), nil
}

func (i *issuer) token(value string) *msalcae.Token {
	life := i.life
	if life == 0 {
		life = 24 * time.Hour
	}
	return &msalcae.Token{Value: value, ExpiresOn: time.Now().Add(life)}
}

// withoutStepUps is acquire of an Entra that wants a person for every step-up.
func (i *issuer) withoutStepUps(ctx context.Context, req msalcae.TokenRequest) (*msalcae.Token, error) {
	if asking(req.Claims).acrs != "" {
		return nil, interaction
	}
	return i.acquire(ctx, req)
}

func (i *issuer) requests() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.n
}

func nbf(n int) string {
	return fmt.Sprintf(`{"access_token":{"nbf":{"essential":true, "value":"%d"}}}`, 1700000000+n)
}

func acrs(id string) string {
	return fmt.Sprintf(`{"access_token":{"acrs":{"essential":true,"value":"%s"}}}`, id)
}

var (
	interaction = &msalcae.Error{Status: 400, Code: "interaction_required", Suberror: "basic_action", AADSTS: []int{50076}}
	sessionOver = &msalcae.Error{Status: 400, Code: "invalid_grant", Suberror: "bad_token", AADSTS: []int{50173}}
)

func token(t *testing.T, s *source) string {
	t.Helper()
	tok, err := s.Token(t.Context(), msalcae.TokenRequest{})
	require.NoError(t, err)
	return tok.Value
}

func challenge(t *testing.T, s *source, claims, rejected string) string {
	t.Helper()
	tok, err := s.Token(t.Context(), msalcae.TokenRequest{Claims: claims, Rejected: rejected})
	require.NoError(t, err)
	return tok.Value
}

func TestWarmTokenDoesNotAllocate(t *testing.T) {
	s := New((&issuer{}).acquire)
	ctx := t.Context()
	_, err := s.Token(ctx, msalcae.TokenRequest{})
	require.NoError(t, err)
	assert.Zero(t, testing.AllocsPerRun(100, func() { s.Token(ctx, msalcae.TokenRequest{}) }))
}

// Callers of a storm who bring one text make of it what the first of them did:
// nothing is parsed again.
func TestStormParsesATextOnce(t *testing.T) {
	s := New((&issuer{}).acquire)
	first := token(t, s)
	ctx := t.Context()
	late := msalcae.TokenRequest{Claims: nbf(0), Rejected: first}
	challenge(t, s, late.Claims, first)
	again := testing.AllocsPerRun(100, func() { s.Token(ctx, late) })
	texts := [2]string{nbf(1), nbf(2)}
	n := 0
	others := testing.AllocsPerRun(100, func() {
		n++
		s.Token(ctx, msalcae.TokenRequest{Claims: texts[n%2], Rejected: first})
	})
	assert.Zero(t, again)
	assert.NotZero(t, others, "another text is parsed")
}

func TestColdCallersShareOneRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{latency: time.Second}
		s := New(entra.acquire)
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() { assert.Equal(t, "token-1", token(t, s)) })
		}
		wg.Wait()
		assert.Equal(t, 1, entra.requests())
	})
}

func TestOneRequestPerRevocation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{latency: time.Second}
		s := New(entra.acquire)
		revoked := token(t, s)
		var wg sync.WaitGroup
		for n := range 500 {
			wg.Go(func() {
				time.Sleep(time.Duration(n) * 10 * time.Millisecond) // 401s over 5 s, an nbf each
				assert.Equal(t, "token-2", challenge(t, s, nbf(n), revoked))
			})
		}
		wg.Wait()
		time.Sleep(20 * time.Hour)
		assert.Equal(t, "token-2", challenge(t, s, nbf(72000), revoked), "a very late 401")
		assert.Equal(t, "token-2", token(t, s))
		assert.Equal(t, 2, entra.requests())
		assert.JSONEq(t, nbf(0), entra.claims[1])
	})
}

func TestFailedRenewalKeepsClaimsPending(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{}
		entra.answer = func(n int, req msalcae.TokenRequest) (*msalcae.Token, error) {
			if n == 2 {
				return nil, sessionOver
			}
			return nil, nil
		}
		s := New(entra.acquire)
		revoked := token(t, s)
		_, err := s.Token(t.Context(), msalcae.TokenRequest{Claims: nbf(0), Rejected: revoked})
		require.ErrorIs(t, err, msalcae.ErrInteractionRequired)
		_, err = s.Token(t.Context(), msalcae.TokenRequest{})
		require.ErrorIs(t, err, msalcae.ErrInteractionRequired, "the revoked token is not sent for want of another")
		assert.Equal(t, 2, entra.requests(), "Entra is not asked again at once")
		assert.JSONEq(t, nbf(0), s.PendingClaims())
		time.Sleep(time.Minute)
		assert.Equal(t, "token-3", token(t, s))
		assert.JSONEq(t, nbf(0), entra.claims[2], "they ride on the next acquisition")
		assert.Empty(t, s.PendingClaims())
	})
}

func TestOrdinaryFlightNeitherAnswersNorOverwrites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{life: time.Hour}
		s := New(entra.acquire)
		revoked := token(t, s)
		time.Sleep(56 * time.Minute)
		entra.latency = 10 * time.Second
		token(t, s) // starts a refresh that is slow
		synctest.Wait()
		require.Equal(t, 2, entra.requests())
		entra.latency = time.Second
		assert.Equal(t, "token-3", challenge(t, s, nbf(0), revoked))
		time.Sleep(time.Minute)
		assert.Equal(t, "token-3", token(t, s), "the slow refresh came to nothing")
	})
}

func TestStepUpIsNotRevocation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{latency: time.Second}
		entra.answer = func(n int, req msalcae.TokenRequest) (*msalcae.Token, error) {
			if req.Claims != "" {
				return nil, interaction
			}
			return nil, nil
		}
		prompts := 0
		decline := true
		s := newSource(Flow{Acquire: entra.acquire, Gate: NewGate(), Prompt: func(ctx context.Context, req msalcae.TokenRequest) (*msalcae.Token, error) {
			prompts++
			time.Sleep(time.Minute)
			if decline {
				return nil, &msalcae.Error{Code: "access_denied"}
			}
			return entra.token("for " + req.Claims), nil
		}})
		ordinary := token(t, s)
		done := make(chan error, 1)
		go func() {
			_, err := s.Token(t.Context(), msalcae.TokenRequest{Claims: acrs("c1"), Rejected: ordinary})
			done <- err
		}()
		time.Sleep(10 * time.Second)
		start := time.Now()
		assert.Equal(t, ordinary, token(t, s), "while the prompt is open")
		assert.Zero(t, time.Since(start))
		require.Error(t, <-done)
		assert.Equal(t, ordinary, token(t, s), "after it was declined")
		assert.Empty(t, s.PendingClaims())

		decline = false
		c1 := challenge(t, s, acrs("c1"), ordinary)
		assert.Equal(t, c1, token(t, s), "the newest token is in use")
		c2 := challenge(t, s, acrs("c2"), c1)
		assert.Equal(t, 3, prompts)
		assert.Equal(t, c1, challenge(t, s, acrs("c1"), c2), "kept by demand")
		assert.Equal(t, c2, challenge(t, s, acrs("c2"), c1))
		assert.Equal(t, 3, prompts)
	})
}

func TestCallersLeaveAtTheirOwnDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{latency: 10 * time.Second}
		s := New(entra.acquire)
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
		defer cancel()
		start := time.Now()
		_, err := s.Token(ctx, msalcae.TokenRequest{})
		assert.Equal(t, context.DeadlineExceeded, err)
		assert.Equal(t, 30*time.Millisecond, time.Since(start))
		assert.Equal(t, "token-1", token(t, s), "the flight went on for the others")
		assert.Equal(t, 1, entra.requests())
	})
}

func TestSignInOutsideTheEngine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{}
		entra.answer = func(n int, _ msalcae.TokenRequest) (*msalcae.Token, error) {
			if n > 1 {
				return nil, sessionOver
			}
			return nil, nil
		}
		s := New(entra.acquire)
		_, err := s.Token(t.Context(), msalcae.TokenRequest{Claims: nbf(0), Rejected: token(t, s)})
		require.Error(t, err)
		s.Adopt(entra.token("signed in"), s.PendingClaims())
		assert.Equal(t, "signed in", token(t, s))
		assert.Empty(t, s.PendingClaims())
	})
}

func TestUnusableClaims(t *testing.T) {
	entra := &issuer{}
	s := New(entra.acquire)
	tok := token(t, s)
	for _, claims := range []string{
		`null`, `[]`, `5`, `"x"`, `{"access_token":null}`, `{"access_token":"x"}`, `{} {}`, `{`, `{"a":1,"a":2}`,
		`{"access_token":{"nbf":{"value":"1","value":"2"}}}`, `{"access_token":{"n":9007199254740993}}`,
		`{"access_token":{"n":1e400}}`, "{\"a\":\"\xff\"}",
	} {
		_, err := s.Token(t.Context(), msalcae.TokenRequest{Claims: claims, Rejected: tok})
		require.ErrorIs(t, err, wwwauth.ErrMalformedClaims, claims)
	}
	assert.Equal(t, tok, token(t, s), "they void nothing")
	assert.Equal(t, 1, entra.requests())
}
