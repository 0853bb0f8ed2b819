package engine

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/msalcae/msalcae"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestVoidedFallback(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shared := NewVoids()
		entra := &issuer{}
		cached := &msalcae.Token{Value: "cached", ExpiresOn: time.Now().Add(time.Hour)}
		b := newSource(Flow{Voids: shared, Acquire: func(_ context.Context, req msalcae.TokenRequest) (*msalcae.Token, error) {
			if req.Claims == "" {
				return cached, nil
			}
			time.Sleep(10 * time.Second)
			return nil, &msalcae.Error{Status: 500}
		}})
		a := newSource(Flow{Voids: shared, Acquire: func(ctx context.Context, req msalcae.TokenRequest) (*msalcae.Token, error) {
			if req.Claims == "" {
				return cached, nil
			}
			return entra.acquire(ctx, req)
		}})
		token(t, a)
		token(t, b)
		time.Sleep(20 * time.Minute)
		done := make(chan *msalcae.Token)
		go func() {
			tok, _ := b.Token(t.Context(), msalcae.TokenRequest{MinTTL: 45 * time.Minute})
			done <- tok
		}()
		time.Sleep(time.Second)
		challenge(t, a, nbf(0), "cached")
		tok := <-done
		assert.True(t, tok == nil || tok.Value != "cached", "voided 9 s ago")
	})
}

func TestPublishRacesVoid(t *testing.T) {
	entra := &issuer{}
	for n := range 4000 {
		shared := NewVoids()
		name := fmt.Sprint("cached-", n)
		s := newSource(Flow{Voids: shared, Acquire: func(_ context.Context, req msalcae.TokenRequest) (*msalcae.Token, error) {
			if req.Claims == "" {
				return entra.token(name), nil
			}
			return entra.token("new"), nil
		}})
		var wg sync.WaitGroup
		wg.Go(func() { token(t, s) })
		fp := shared.Fingerprint(name)
		wg.Go(func() {
			for s.current.Load() == nil && n%2 == 0 {
			}
			shared.add(fp, time.Time{})
		})
		wg.Wait()
		if got := token(t, s); got == name {
			t.Fatalf("round %d: the voided token is in use", n)
		}
	}
}

func TestRejectedElsewhereIsTraced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New((&issuer{}).acquire)
		n := 0
		trace := &msalcae.Trace{Rejected: func(context.Context, msalcae.RejectedInfo) { n++ }}
		tok, _ := s.Token(t.Context(), msalcae.TokenRequest{Trace: trace})
		s.flow.Voids.add(s.flow.Voids.Fingerprint(tok.Value), time.Time{})
		s.Token(t.Context(), msalcae.TokenRequest{Trace: trace})
		assert.Equal(t, 1, n)
	})
}

func TestVoidsOfManyUsers(t *testing.T) {
	shared := NewVoids()
	entra := &issuer{}
	cached := entra.token("cached")
	entra.answer = func(_ int, req msalcae.TokenRequest) (*msalcae.Token, error) {
		if req.Claims == "" {
			return cached, nil // D2
		}
		return nil, nil
	}
	s := newSource(Flow{Acquire: entra.acquire, Voids: shared})
	challenge(t, s, nbf(0), token(t, s))
	for n := range 1 << 17 { // as many sources as a client remembers: a policy moves for the other users of this client
		shared.add(shared.Fingerprint(fmt.Sprint("user ", n)), time.Now().Add(25*time.Hour))
	}
	again := newSource(Flow{Acquire: entra.acquire, Voids: shared}) // left the registry, or asked for other scopes
	assert.NotEqual(t, "cached", token(t, again))
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

func TestSourcesOfOneClientShareTheirVoids(t *testing.T) {
	shared := NewVoids()
	entra := &issuer{}
	cached := entra.token("cached")
	entra.answer = func(n int, req msalcae.TokenRequest) (*msalcae.Token, error) {
		if req.Claims == "" {
			return cached, nil
		}
		return nil, nil
	}
	a := newSource(Flow{Acquire: entra.acquire, Voids: shared})
	b := newSource(Flow{Acquire: entra.acquire, Voids: shared})
	require.Equal(t, "cached", token(t, a))
	require.Equal(t, "cached", token(t, b))
	challenge(t, a, nbf(0), "cached")
	assert.NotEqual(t, "cached", token(t, b))
	c := newSource(Flow{Acquire: entra.acquire, Voids: shared})
	assert.NotEqual(t, "cached", token(t, c))
}

func TestTokenVoidedBetweenLandingAndReturn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{latency: time.Second}
		s := New(entra.acquire)
		first := ask(t, s, msalcae.TokenRequest{})
		second := ask(t, s, msalcae.TokenRequest{Trace: &msalcae.Trace{Joined: func(context.Context, msalcae.JoinedInfo) {
			s.flow.Voids.add(s.flow.Voids.Fingerprint("token-1"), time.Time{}) // another source's API was quicker
		}}})
		<-first
		assert.Equal(t, "token-2", <-second)
	})
}
