package engine

import (
	"context"
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

func TestDemandsOfAVoidedTokenRideAlong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{}
		prompts := 0
		s := newSource(Flow{Acquire: entra.acquire, Gate: NewGate(), Prompt: func(context.Context, msalcae.TokenRequest) (*msalcae.Token, error) {
			prompts++
			return nil, &msalcae.Error{Code: "access_denied"}
		}})
		c1 := challenge(t, s, acrs("c1"), token(t, s))
		next := challenge(t, s, nbf(0), c1)
		assert.JSONEq(t, `{"access_token":{"acrs":{"essential":true,"value":"c1"},"nbf":{"essential":true,"value":"1700000000"}}}`, entra.claims[2])

		entra.answer = func(_ int, req msalcae.TokenRequest) (*msalcae.Token, error) {
			if d, _ := ParseDemand(req.Claims); d["acrs"].text != "" {
				return nil, interaction
			}
			return nil, nil
		}
		challenge(t, s, nbf(1), next)
		require.Len(t, entra.claims, 5)
		assert.JSONEq(t, nbf(1), entra.claims[4], "the challenge's own claims alone")
		assert.Zero(t, prompts, "what rides along never causes a prompt")
	})
}

func TestSessionThatIsGoneIsAskedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{}
		s := New(entra.acquire)
		c1 := challenge(t, s, acrs("c1"), token(t, s))
		entra.answer = func(int, msalcae.TokenRequest) (*msalcae.Token, error) { return nil, sessionOver }
		_, err := s.Token(t.Context(), msalcae.TokenRequest{Claims: nbf(0), Rejected: c1})
		require.ErrorIs(t, err, msalcae.ErrInteractionRequired)
		assert.Equal(t, 3, entra.requests(), "no claims can help")
	})
}

func TestVoidingEmptiesWhatWasKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{}
		s := New(entra.acquire)
		c1 := challenge(t, s, acrs("c1"), token(t, s))
		c2 := challenge(t, s, acrs("c2"), c1)
		require.Equal(t, c1, challenge(t, s, acrs("c1"), c2))
		next := challenge(t, s, nbf(0), c2)
		again := challenge(t, s, acrs("c1"), next)
		assert.NotEqual(t, c1, again, "obtained before the revocation")
		assert.Equal(t, 5, entra.requests())
	})
}

func TestNoCallerGetsWhatWasAskedForBeforeTheChallenge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{life: time.Hour}
		s := New(entra.acquire)
		revoked := token(t, s)
		time.Sleep(30 * time.Minute)
		entra.latency = 10 * time.Second
		got := make(chan string, 1)
		go func() {
			tok, err := s.Token(t.Context(), msalcae.TokenRequest{MinTTL: 45 * time.Minute})
			require.NoError(t, err)
			got <- tok.Value
		}()
		synctest.Wait()
		entra.mu.Lock()
		entra.latency = time.Second
		entra.mu.Unlock()
		assert.Equal(t, "token-3", challenge(t, s, nbf(0), revoked))
		assert.Equal(t, "token-3", <-got, "token-2 was asked for before the 401")
		time.Sleep(time.Minute) // its flight ends
	})
}

func TestStepUpPromptCarriesEntrasClaims(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{}
		entra.answer = func(n int, _ msalcae.TokenRequest) (*msalcae.Token, error) {
			if n == 1 {
				return nil, nil
			}
			e := *interaction
			e.Claims = `{"access_token":{"capolids":{"essential":true,"values":["p"]}}}`
			return nil, &e
		}
		var asked string
		s := newSource(Flow{Acquire: entra.acquire, Gate: NewGate(), Prompt: func(_ context.Context, req msalcae.TokenRequest) (*msalcae.Token, error) {
			asked = req.Claims
			return entra.token("signed in"), nil
		}})
		challenge(t, s, acrs("c1"), token(t, s))
		assert.JSONEq(t, `{"access_token":{"acrs":{"essential":true,"value":"c1"},"capolids":{"essential":true,"values":["p"]}}}`, asked)
	})
}

func TestForwardedClaims(t *testing.T) {
	for in, want := range map[string]string{
		`{}`:                                    `{}`,
		`{"id_token":{"x":{"essential":true}}}`: `{}`,
		`{"access_token":{"xms_cc":{"values":["cp1"]}}}`:                                    `{}`,
		`{"id_token":{},"access_token":{"nbf":{"value":"1"},"xms_cc":{"values":["cp1"]}}}`:  `{"access_token":{"nbf":{"value":"1"}}}`,
		`{"access_token":{"capolids":{"essential":true,"values":["<&>","ü"]}}}`:             `{"access_token":{"capolids":{"essential":true,"values":["<&>","ü"]}}}`,
		`{"access_token":{"n":9007199254740992,"f":1.10}}`:                                  `{"access_token":{"n":9007199254740992,"f":1.10}}`,
		"\n {\"access_token\": {\"nbf\":{\"essential\":true, \"value\":\"1604106651\"}}}\t": `{"access_token":{"nbf":{"essential":true,"value":"1604106651"}}}`,
		`{"access_token":{"nbf":{"value":"1"},"xms_rp_ipaddr":{"value":"203.0.113.7"}}}`:    `{"access_token":{"nbf":{"value":"1"},"xms_rp_ipaddr":{"value":"203.0.113.7"}}}`,
	} {
		d, err := ParseDemand(in)
		require.NoError(t, err, in)
		assert.JSONEq(t, want, d.Claims())
	}
}

func TestSubstance(t *testing.T) {
	same := func(a, b string) bool {
		x, err := ParseDemand(a)
		require.NoError(t, err)
		y, err := ParseDemand(b)
		require.NoError(t, err)
		return x.substance() == y.substance()
	}
	assert.True(t, same(nbf(0), nbf(9)))
	assert.True(t, same(nbf(0), `{"access_token":{"nbf":{"value":"1"},"xms_rp_ipaddr":{"value":"203.0.113.7"}}}`))
	assert.True(t, same(nbf(0), `{"access_token":{"xms_caeerror":{"value":"10012"}}}`))
	assert.True(t, same(acrs("c1"), `{"access_token":{"acrs":{"values":["c1"],"essential":true}}}`))
	assert.False(t, same(acrs("c1"), acrs("c2")))
	assert.False(t, same(acrs("c1"), nbf(0)))
	d, _ := ParseDemand(`{"access_token":{"acrs":{"value":"c1"},"nbf":{"value":"1"}}}`)
	assert.False(t, d.stepUp(), "it asks for a newer token too")
	assert.False(t, must(`{"access_token":{"acrs":{"value":"c1"},"capolids":{"values":["p"]}}}`).stepUp(), "it asks for a policy too")
}

func TestRejectedWithoutClaims(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{}
		s := New(entra.acquire)
		assert.Equal(t, "token-2", challenge(t, s, "", token(t, s)))
		assert.Equal(t, "token-2", token(t, s))
		assert.Equal(t, []string{"", "{}"}, entra.claims, "a new token")
	})
}

func TestCallersGetWhatTheyAskedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		with := map[string]string{}
		entra := &issuer{latency: time.Second}
		entra.answer = func(n int, req msalcae.TokenRequest) (*msalcae.Token, error) {
			tok := entra.token(fmt.Sprintf("token-%d", n))
			mu.Lock()
			defer mu.Unlock()
			with[tok.Value] = req.Claims
			return tok, nil
		}
		s := New(entra.acquire)
		revoked := token(t, s)
		var wg sync.WaitGroup
		wg.Go(func() {
			tok := challenge(t, s, capol("p1"), revoked)
			mu.Lock()
			defer mu.Unlock()
			assert.Contains(t, with[tok], "p1", "must have been obtained with the claims asked for")
		})
		wg.Go(func() {
			time.Sleep(500 * time.Millisecond)
			tok := challenge(t, s, capol("p2"), revoked)
			mu.Lock()
			defer mu.Unlock()
			assert.Contains(t, with[tok], "p2")
		})
		wg.Wait()
	})
}

func TestStepUpWithNoise(t *testing.T) {
	d, err := ParseDemand(`{"access_token":{"acrs":{"essential":true,"value":"c1"},"xms_rp_ipaddr":{"value":"203.0.113.7"}}}`)
	require.NoError(t, err)
	assert.True(t, d.stepUp())
}

func TestConflictingDemands(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{latency: time.Second}
		s := New(entra.acquire)
		revoked := token(t, s)
		var wg sync.WaitGroup
		failed := atomic.Int32{}
		for n := range 40 {
			wg.Go(func() {
				time.Sleep(time.Duration(n) * 10 * time.Millisecond)
				if _, err := s.Token(t.Context(), msalcae.TokenRequest{Claims: capol(fmt.Sprint("p", n%2)), Rejected: revoked}); err != nil {
					failed.Add(1)
				}
			})
		}
		wg.Wait()
		assert.LessOrEqual(t, entra.requests(), 3, "two demands; %d of 40 callers failed", failed.Load())
	})
}

func TestDoubtsHaveABound(t *testing.T) {
	var st events
	for n := range 10 * maxFailures {
		st.doubt(topic{stepUp, fmt.Sprint(n)}, time.Now())
		assert.LessOrEqual(t, max(len(st.doubts), len(st.rested)), maxFailures)
	}
}
