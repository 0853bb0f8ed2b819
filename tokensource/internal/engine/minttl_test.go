package engine

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/msalcae/msalcae"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestMinTTLIsTriedOnceInAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{life: time.Hour}
		s := New(entra.acquire)
		want := func() {
			_, err := s.Token(t.Context(), msalcae.TokenRequest{MinTTL: 50 * time.Minute})
			require.NoError(t, err)
		}
		token(t, s)
		time.Sleep(20 * time.Minute)
		entra.answer = func(int, msalcae.TokenRequest) (*msalcae.Token, error) {
			return nil, &msalcae.Error{Err: errors.New("no route")} // and is not remembered
		}
		for range 30 {
			want()
		}
		assert.Equal(t, 2, entra.requests(), "what can be had was tried")
		time.Sleep(settled)
		want()
		assert.Equal(t, 3, entra.requests())
	})
}

func TestMinTTLWhereTokensGrowShorter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{life: time.Hour}
		s := New(entra.acquire)
		want := func(ttl time.Duration) {
			_, err := s.Token(t.Context(), msalcae.TokenRequest{MinTTL: ttl})
			require.NoError(t, err)
		}
		token(t, s)
		time.Sleep(30 * time.Minute)
		entra.life = 20 * time.Minute // a policy has shortened them
		want(45 * time.Minute)
		require.Equal(t, 2, entra.requests())
		want(45 * time.Minute)
		assert.Equal(t, 2, entra.requests(), "it was issued just now")
		time.Sleep(settled + time.Second)
		want(45 * time.Minute)
		assert.Equal(t, 3, entra.requests(), "another look")
	})
}

func TestMinTTLLeavesPendingClaimsAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{life: time.Hour}
		s := New(entra.acquire)
		token(t, s)
		time.Sleep(30 * time.Minute)
		entra.answer = func(int, msalcae.TokenRequest) (*msalcae.Token, error) {
			return nil, &msalcae.Error{Status: 400, Code: "x"}
		}
		_, err := s.Token(t.Context(), msalcae.TokenRequest{Claims: capol("p"), Rejected: "older"})
		require.Error(t, err)
		for range 3 {
			tok, err := s.Token(t.Context(), msalcae.TokenRequest{MinTTL: 45 * time.Minute})
			require.NoError(t, err)
			assert.Equal(t, "token-1", tok.Value)
		}
		assert.Equal(t, 2, entra.requests(), "MinTTL is no reason to ask for what was refused")
	})
}

func TestMinTTLNeverPrompts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{life: time.Hour}
		prompts := 0
		s := prompting(func(ctx context.Context, req msalcae.TokenRequest) (*msalcae.Token, error) {
			if req.Claims != "" {
				return nil, interaction
			}
			return entra.acquire(ctx, req)
		}, signingIn(entra, &prompts))
		token(t, s)
		time.Sleep(30 * time.Minute)
		for range 3 {
			tok, err := s.Token(t.Context(), msalcae.TokenRequest{MinTTL: 45 * time.Minute})
			require.NoError(t, err)
			assert.Equal(t, "token-1", tok.Value)
			time.Sleep(settled / 2)
		}
		assert.Zero(t, prompts)
	})
}

func TestMinTTLAfterACacheWasAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{life: time.Hour}
		entra.answer = func(n int, _ msalcae.TokenRequest) (*msalcae.Token, error) {
			if n == 2 {
				return &msalcae.Token{Value: "cached", ExpiresOn: time.Now().Add(20 * time.Minute)}, nil
			}
			return nil, nil
		}
		s := New(entra.acquire)
		token(t, s)
		time.Sleep(56 * time.Minute)
		token(t, s)
		synctest.Wait()
		require.Equal(t, "cached", token(t, s))
		tok, err := s.Token(t.Context(), msalcae.TokenRequest{MinTTL: 30 * time.Minute})
		require.NoError(t, err)
		assert.Equal(t, "token-3", tok.Value, "Entra gives longer ones than the cache had")
	})
}

func TestMinTTLTakesNoRefusalToThePrompt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{life: time.Hour}
		s := prompting(entra.acquire, func(context.Context, msalcae.TokenRequest) (*msalcae.Token, error) {
			t.Error("a person was asked for a longer life")
			return nil, ErrDeclined
		})
		token(t, s)
		time.Sleep(30 * time.Minute)
		s.lock()
		s.state.failures.remember(purpose{topic: topic{kind: newToken}}, interaction, time.Now())
		s.unlock()
		tok, err := s.Token(t.Context(), msalcae.TokenRequest{MinTTL: 45 * time.Minute})
		require.NoError(t, err)
		assert.Equal(t, "token-1", tok.Value)
	})
}

func TestMinTTLPassesOverTheCache(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{life: time.Hour}
		spent := &msalcae.Token{Value: "spent", ExpiresOn: time.Now().Add(20 * time.Minute)}
		entra.answer = func(n int, req msalcae.TokenRequest) (*msalcae.Token, error) {
			if req.Claims == "" {
				return spent, nil // MSAL's cache
			}
			return nil, nil
		}
		s := New(entra.acquire)
		token(t, s)
		time.Sleep(6 * time.Minute)
		tok, err := s.Token(t.Context(), msalcae.TokenRequest{MinTTL: 30 * time.Minute})
		require.NoError(t, err)
		assert.GreaterOrEqual(t, time.Until(tok.ExpiresOn), 30*time.Minute)
	})
}

func TestMinTTLBeyondWhatThereIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{life: time.Hour, latency: time.Second}
		s := New(entra.acquire)
		for range 70 * 60 {
			start := time.Now()
			_, err := s.Token(t.Context(), msalcae.TokenRequest{MinTTL: 2 * time.Hour})
			require.NoError(t, err)
			if d := time.Since(start); d > 0 && entra.requests() > 2 { // one request to see how long tokens live
				t.Fatalf("a caller waited %s for a refresh", d)
			}
			time.Sleep(time.Second)
		}
	})
}

func TestMinTTLOfAChallenge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{life: time.Hour}
		s := New(entra.acquire)
		revoked := token(t, s)
		challenge(t, s, capol("p1"), revoked)
		time.Sleep(20 * time.Minute)
		_, err := s.Token(t.Context(), msalcae.TokenRequest{Claims: capol("p1"), Rejected: revoked, MinTTL: 45 * time.Minute})
		require.NoError(t, err)
		assert.Len(t, entra.claims, 2, "it was answered long ago")
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

// Who waits for a longer life takes no shorter one that comes meanwhile from a
// cache.
func TestMinTTLWaitsForWhatItAskedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{life: 10 * time.Hour}
		entra.answer = func(n int, req msalcae.TokenRequest) (*msalcae.Token, error) {
			switch {
			case n == 1:
				tok := entra.token("first")
				tok.RefreshOn = time.Now().Add(5 * time.Hour)
				return tok, nil
			case req.Claims == "":
				time.Sleep(time.Second)
				return &msalcae.Token{Value: "cached", ExpiresOn: time.Now().Add(270 * time.Minute)}, nil
			}
			time.Sleep(10 * time.Second)
			return entra.token("new"), nil
		}
		s := New(entra.acquire)
		token(t, s)
		time.Sleep(6 * time.Hour)
		got := ask(t, s, msalcae.TokenRequest{MinTTL: 5 * time.Hour})
		token(t, s) // its refresh asks the cache
		time.Sleep(5 * time.Second)
		assert.Equal(t, "cached", token(t, s))
		assert.Equal(t, "new", <-got)
	})
}
