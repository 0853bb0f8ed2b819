package tokensource

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

func token(t *testing.T, s *Source) string {
	t.Helper()
	tok, err := s.Token(t.Context(), msalcae.TokenRequest{})
	require.NoError(t, err)
	return tok.Value
}

func challenge(t *testing.T, s *Source, claims, rejected string) string {
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

func TestVoidedTokenParksNewCallers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{latency: time.Second}
		s := New(entra.acquire)
		revoked := token(t, s)
		go challenge(t, s, nbf(0), revoked)
		synctest.Wait()
		start := time.Now()
		assert.Equal(t, "token-2", token(t, s))
		assert.Equal(t, time.Second, time.Since(start))
		assert.Equal(t, 2, entra.requests())
	})
}

func TestVoidedTokenNeverComesBackFromACache(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{life: time.Hour}
		var first *msalcae.Token
		entra.answer = func(n int, req msalcae.TokenRequest) (*msalcae.Token, error) {
			if n == 1 {
				first = entra.token("token-1")
			}
			if req.Claims == "" { // as MSAL does after a successful renewal (D2)
				return first, nil
			}
			return nil, nil
		}
		s := New(entra.acquire)
		revoked := token(t, s)
		assert.Equal(t, "token-2", challenge(t, s, nbf(0), revoked))
		time.Sleep(56 * time.Minute) // a refresh is due, and MSAL offers token-1
		assert.Equal(t, "token-2", token(t, s))
		synctest.Wait()
		time.Sleep(5 * time.Minute)
		assert.NotEqual(t, revoked, token(t, s))
	})
}

func TestSameTokenAgainIsAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{}
		entra.answer = func(int, msalcae.TokenRequest) (*msalcae.Token, error) { return entra.token("always"), nil }
		s := New(entra.acquire)
		revoked := token(t, s)
		for _, claims := range []string{nbf(0), nbf(1), acrs("c1")} {
			_, err := s.Token(t.Context(), msalcae.TokenRequest{Claims: claims, Rejected: revoked})
			require.ErrorIs(t, err, msalcae.ErrSameToken)
		}
		assert.Equal(t, 3, entra.requests(), "no loop")
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
		assert.JSONEq(t, nbf(0), s.pendingClaims())
		time.Sleep(time.Minute)
		assert.Equal(t, "token-3", token(t, s))
		assert.JSONEq(t, nbf(0), entra.claims[2], "they ride on the next acquisition")
		assert.Empty(t, s.pendingClaims())
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
		s := newSource(flow{acquire: entra.acquire, gate: newGate(), prompt: func(ctx context.Context, req msalcae.TokenRequest) (*msalcae.Token, error) {
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
		assert.Empty(t, s.pendingClaims())

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
		s := newSource(flow{acquire: entra.acquire, gate: newGate(), prompt: func(ctx context.Context, req msalcae.TokenRequest) (*msalcae.Token, error) {
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
		s := newSource(flow{acquire: entra.acquire, gate: newGate(), prompt: func(ctx context.Context, req msalcae.TokenRequest) (*msalcae.Token, error) {
			asked = req.Claims
			return nil, errors.New("closed")
		}})
		_, err := s.Token(t.Context(), msalcae.TokenRequest{Claims: nbf(0), Rejected: token(t, s)})
		require.ErrorContains(t, err, "closed")
		want := `{"access_token":{"capolids":{"essential":true,"values":["p"]},"nbf":{"value":"7"}}}`
		assert.JSONEq(t, want, asked)
		assert.JSONEq(t, want, s.pendingClaims(), "both stay pending")
		assert.Equal(t, 2, entra.requests())
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
		assert.Equal(t, requestTimeout+overdue, time.Since(start))
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

func TestRefreshThatNobodyWaitsFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{life: time.Hour}
		s := New(entra.acquire)
		token(t, s)
		entra.latency = 5 * time.Second
		var failing atomic.Bool
		failing.Store(true)
		entra.answer = func(n int, _ msalcae.TokenRequest) (*msalcae.Token, error) {
			if failing.Load() {
				return nil, &msalcae.Error{Status: 500}
			}
			return nil, nil
		}
		time.Sleep(time.Hour - 294*time.Second)
		for range 60 { // 30 s of calls
			start := time.Now()
			assert.Equal(t, "token-1", token(t, s))
			assert.Zero(t, time.Since(start))
			time.Sleep(500 * time.Millisecond)
		}
		assert.LessOrEqual(t, entra.requests(), 3, "one attempt per back-off")
		time.Sleep(10 * time.Second)
		failing.Store(false)
		time.Sleep(90 * time.Second)
		assert.Equal(t, "token-1", token(t, s))
		time.Sleep(6 * time.Second)
		assert.NotEqual(t, "token-1", token(t, s))
	})
}

func TestShortTokensServeUntilTheirEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{life: 2 * time.Minute}
		s := New(entra.acquire)
		for range 60 {
			token(t, s)
			time.Sleep(time.Second)
		}
		assert.Equal(t, 1, entra.requests())
		token(t, s)
		time.Sleep(time.Second)
		assert.Equal(t, "token-2", token(t, s))
		assert.Equal(t, 2, entra.requests())
	})
}

func TestMinTTL(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{life: time.Hour}
		s := New(entra.acquire)
		want := func(ttl time.Duration) string {
			tok, err := s.Token(t.Context(), msalcae.TokenRequest{MinTTL: ttl})
			require.NoError(t, err)
			return tok.Value
		}
		assert.Equal(t, "token-1", want(45*time.Minute))
		time.Sleep(20 * time.Minute)
		assert.Equal(t, "token-1", want(30*time.Minute))
		assert.Equal(t, "token-2", want(45*time.Minute))
		assert.Equal(t, "{}", entra.claims[1], "no cache will do")
		assert.Equal(t, "token-2", want(2*time.Hour), "the longest there is")
		time.Sleep(20 * time.Minute)
		entra.answer = func(int, msalcae.TokenRequest) (*msalcae.Token, error) { return nil, &msalcae.Error{Status: 500} }
		assert.Equal(t, "token-2", want(45*time.Minute), "rather than none")
	})
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
		token(t, s)

		s = New(entra.acquire)
		s.ChallengesPerMinute = -1
		for tok, n := token(t, s), 0; n < 100; n++ {
			tok = challenge(t, s, nbf(n), tok)
		}
	})
}

func TestPeaceAfterTwoDeclinedPrompts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		prompts := 0
		s := newSource(flow{
			acquire: func(context.Context, msalcae.TokenRequest) (*msalcae.Token, error) { return nil, interaction },
			gate:    newGate(),
			prompt: func(context.Context, msalcae.TokenRequest) (*msalcae.Token, error) {
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

func TestRefusedSilentTokenGoesToThePromptOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{}
		prompts := 0
		s := newSource(flow{acquire: entra.acquire, gate: newGate(), prompt: func(context.Context, msalcae.TokenRequest) (*msalcae.Token, error) {
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
		s.adopt(entra.token("signed in"), s.pendingClaims())
		assert.Equal(t, "signed in", token(t, s))
		assert.Empty(t, s.pendingClaims())
	})
}

func TestSourcesOfOneClientShareTheirVoids(t *testing.T) {
	shared := newVoids()
	entra := &issuer{}
	cached := entra.token("cached")
	entra.answer = func(n int, req msalcae.TokenRequest) (*msalcae.Token, error) {
		if req.Claims == "" {
			return cached, nil
		}
		return nil, nil
	}
	a := newSource(flow{acquire: entra.acquire, voids: shared})
	b := newSource(flow{acquire: entra.acquire, voids: shared})
	require.Equal(t, "cached", token(t, a))
	require.Equal(t, "cached", token(t, b))
	challenge(t, a, nbf(0), "cached")
	assert.NotEqual(t, "cached", token(t, b))
	c := newSource(flow{acquire: entra.acquire, voids: shared})
	assert.NotEqual(t, "cached", token(t, c))
}

func TestPlainRefusalRefreshesAnOldToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{}
		s := New(entra.acquire)
		s.Refused(token(t, s), "")
		synctest.Wait()
		assert.Equal(t, 1, entra.requests(), "a young token is not suspected")
		time.Sleep(6 * time.Minute)
		for range 10 {
			s.Refused("token-1", "")
		}
		synctest.Wait()
		assert.Equal(t, "token-2", token(t, s))
		assert.Equal(t, 2, entra.requests())
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
