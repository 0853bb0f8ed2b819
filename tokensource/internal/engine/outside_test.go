package engine

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/msalcae/msalcae"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSignInFromOutsideWithoutWhatIsPending(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		acquire, asked := recording(&issuer{})
		refused := 0
		s := New(func(ctx context.Context, req msalcae.TokenRequest) (*msalcae.Token, error) {
			if req.Claims != "" && refused == 0 {
				refused++
				return nil, interaction
			}
			return acquire(ctx, req)
		})
		_, err := s.Token(t.Context(), msalcae.TokenRequest{Claims: capol("p"), Rejected: token(t, s)})
		require.Error(t, err)
		s.Adopt((&issuer{}).token("signed in"), "")
		assert.JSONEq(t, capol("p"), s.PendingClaims())
		assert.Equal(t, "token-2", token(t, s), "the sign-in was not asked for it")
		assert.JSONEq(t, capol("p"), asked()[1].Claims)
	})
}

func TestRefusalOfAFlightThatASignInOvertakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refusal := *interaction
		refusal.Claims = capol("p")
		s := New(func(context.Context, msalcae.TokenRequest) (*msalcae.Token, error) {
			time.Sleep(10 * time.Second)
			return nil, &refusal
		})
		got := ask(t, s, msalcae.TokenRequest{})
		s.Adopt((&issuer{}).token("signed in"), "")
		assert.Equal(t, "signed in", <-got)
		time.Sleep(time.Minute)
		assert.Empty(t, s.PendingClaims(), "a person has signed in since it was asked")
		assert.Equal(t, "signed in", token(t, s))
	})
}

func TestSignInFromOutsideEndsAPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{life: time.Hour}
		entra.answer = func(n int, _ msalcae.TokenRequest) (*msalcae.Token, error) {
			if n == 2 {
				return nil, &msalcae.Error{Status: 429, RetryAfter: time.Hour}
			}
			return nil, nil
		}
		s := New(entra.acquire)
		want := func() string {
			tok, err := s.Token(t.Context(), msalcae.TokenRequest{MinTTL: 45 * time.Minute})
			require.NoError(t, err)
			return tok.Value
		}
		token(t, s)
		time.Sleep(30 * time.Minute)
		require.Equal(t, "token-1", want())
		s.Adopt(&msalcae.Token{Value: "signed in", ExpiresOn: time.Now().Add(40 * time.Minute)}, "")
		time.Sleep(2 * settled)
		assert.Equal(t, "token-3", want(), "Entra has answered the sign-in, and may be asked again")
	})
}

func TestForgottenTokenIsNotReturned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New((&issuer{}).acquire)
		token(t, s)
		s.Forget()
		assert.Equal(t, "token-2", token(t, s))
	})
}

func TestSignOutDoesNotRenewTheAllowance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New((&issuer{}).acquire)
		s.ChallengesPerMinute = 1
		challenge(t, s, nbf(0), token(t, s))
		s.Forget()
		_, err := s.Token(t.Context(), msalcae.TokenRequest{Claims: nbf(1), Rejected: token(t, s)})
		assert.ErrorIs(t, err, msalcae.ErrPaused, "the API is the same")
	})
}

func TestSignInFromOutsideWithAVoidedToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{}
		s := New(entra.acquire)
		voided := token(t, s)
		challenge(t, s, nbf(0), voided)
		s.Adopt(entra.token(voided), "")
		assert.Equal(t, "token-2", token(t, s))
	})
}

func TestSignInFromOutsideClearsRefusals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{}
		entra.answer = func(n int, _ msalcae.TokenRequest) (*msalcae.Token, error) {
			if n == 1 {
				return nil, interaction
			}
			return nil, nil
		}
		s := New(entra.acquire)
		_, err := s.Token(t.Context(), msalcae.TokenRequest{Claims: acrs("c1"), Rejected: "x"})
		require.Error(t, err)
		s.Adopt(entra.token("signed in"), "")
		challenge(t, s, acrs("c1"), "signed in")

		entra.n = 0
		s = New(entra.acquire)
		_, err = s.Token(t.Context(), msalcae.TokenRequest{})
		require.Error(t, err)
		s.Relieve()
		token(t, s)
	})
}
