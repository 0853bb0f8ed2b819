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

// A storm of challenges that no flight follows is told to the store once, and so
// is one to a replay.
func TestStormWithoutFlightsIsToldOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shared := newMemoryStore()
		s := process(shared, (&issuer{}).acquire)
		s.ChallengesPerMinute = 1
		next := challenge(t, s, nbf(0), token(t, s))
		uses := shared.used()
		for n := range 50 {
			_, err := s.Token(t.Context(), msalcae.TokenRequest{Claims: nbf(n), Rejected: next})
			require.ErrorIs(t, err, msalcae.ErrPaused)
		}
		synctest.Wait()
		assert.Equal(t, uses+1, shared.used())

		time.Sleep(time.Minute)
		next = token(t, s)
		s.Refused(next, nbf(99))
		synctest.Wait()
		r := shared.snapshot()
		assert.True(t, r.isVoid(FingerprintOf(next)))
		assert.JSONEq(t, nbf(99), r.Pending.Claims())
	})
}

func TestRefusalOfNoToken(t *testing.T) {
	s := New((&issuer{}).acquire)
	first := token(t, s)
	s.Refused("", nbf(0))
	assert.Equal(t, first, token(t, s))
	assert.Empty(t, s.PendingClaims())
}

// What Entra says when it refuses a step-up, or of a prompt, is asked of nobody
// else.
func TestClaimsOfARefusedStepUpAreNotShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refused := *interaction
		refused.Claims = capol("p")
		shared := newMemoryStore()
		entra := &issuer{}
		s := newSource(Flow{
			Acquire: func(ctx context.Context, req msalcae.TokenRequest) (*msalcae.Token, error) {
				if asking(req.Claims).acrs != "" {
					return nil, &refused
				}
				return entra.acquire(ctx, req)
			},
			Prompt: func(context.Context, msalcae.TokenRequest) (*msalcae.Token, error) { return nil, &refused },
			Gate:   NewGate(), Store: Guarded(shared, storeLimit, nil),
		})
		first := token(t, s)
		for _, silent := range []bool{true, false} {
			_, err := s.Token(t.Context(), msalcae.TokenRequest{Claims: acrs("c1"), Rejected: first, NoPrompt: silent})
			require.ErrorIs(t, err, msalcae.ErrInteractionRequired)
			assert.Nil(t, shared.snapshot().Pending)
		}
	})
}

func TestClaimsOfARefusedPromptAreNotShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refused := *interaction
		refused.Claims = capol("p")
		shared := newMemoryStore()
		s := newSource(Flow{
			Acquire: func(context.Context, msalcae.TokenRequest) (*msalcae.Token, error) { return nil, interaction },
			Prompt:  func(context.Context, msalcae.TokenRequest) (*msalcae.Token, error) { return nil, &refused },
			Gate:    NewGate(), Store: Guarded(shared, storeLimit, nil),
		})
		_, err := s.Token(t.Context(), msalcae.TokenRequest{})
		require.ErrorIs(t, err, msalcae.ErrInteractionRequired)
		synctest.Wait()
		assert.Nil(t, shared.snapshot().Pending)
	})
}

// A refreshed token is known by what the one before it was obtained with.
func TestRefreshedTokenAnswersElsewhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{life: time.Hour}
		shared := newMemoryStore()
		a, b := process(shared, entra.acquire), process(shared, entra.acquire)
		token(t, a)
		token(t, b)
		challenge(t, a, capol("p"), "token-1")
		time.Sleep(56 * time.Minute)
		token(t, a)
		synctest.Wait()
		require.Equal(t, "token-3", token(t, a))
		assert.Equal(t, "token-3", challenge(t, b, capol("p"), "token-1"))
		assert.Equal(t, 3, entra.requests())
	})
}

// A shared token is taken only if it may be sent by this process, for this.
func TestSharedTokensThatDoNotServe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lasting := SharedToken{Token: &msalcae.Token{Value: "lasting"}, Print: FingerprintOf("lasting"), Demand: must(acrs("c1")), StepUp: true}
		ending := lasting
		ending.Token = &msalcae.Token{Value: "lasting", ExpiresOn: time.Now().Add(sendMargin)}
		for name, c := range map[string]struct {
			shared SharedToken
			void   bool
			req    msalcae.TokenRequest
			want   string
		}{
			"without an end":            {lasting, false, msalcae.TokenRequest{}, "lasting"},
			"without an end, long":      {lasting, false, msalcae.TokenRequest{MinTTL: 100 * time.Hour}, "lasting"},
			"void for this client":      {lasting, true, msalcae.TokenRequest{}, "token-1"},
			"about to end":              {ending, false, msalcae.TokenRequest{}, "token-1"},
			"for what it was asked for": {lasting, false, msalcae.TokenRequest{Claims: acrs("c1"), Rejected: "another"}, "lasting"},
			"the refused one":           {lasting, false, msalcae.TokenRequest{Claims: acrs("c1"), Rejected: "lasting"}, "token-1"},
		} {
			shared := newMemoryStore()
			shared.add(News{Token: &c.shared})
			entra := &issuer{}
			s := process(shared, entra.acquire)
			if c.void {
				s.flow.Voids.add(s.flow.Voids.Fingerprint("lasting"), time.Time{})
			}
			tok, err := s.Token(t.Context(), c.req)
			require.NoError(t, err, name)
			assert.Equal(t, c.want, tok.Value, name)
			if c.void {
				assert.Equal(t, []string{""}, entra.claims, "it was not in use")
			}
		}
	})
}

// To read a record again and again keeps nothing twice.
func TestSharedStepUpsAreKeptOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shared := newMemoryStore()
		a := process(shared, (&issuer{}).acquire)
		challenge(t, a, acrs("c2"), challenge(t, a, acrs("c1"), token(t, a)))
		b := process(shared, (&issuer{}).acquire)
		for range maxKept {
			b.PendingClaims()
		}
		assert.Len(t, b.state.kept, 2)
	})
}

// eager is a store that gives the lease together with what makes it needless.
type eager struct {
	*memoryStore
	ended int
}

func (e *eager) Lease(context.Context, string, time.Duration, News, func(Record) bool) (Record, EndLease, error) {
	return e.snapshot(), func(context.Context, News) (Record, error) {
		time.Sleep(storeLimit / 2)
		e.ended++
		return e.snapshot(), nil
	}, nil
}

func TestNeedlessLeaseIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shared := &eager{memoryStore: newMemoryStore()}
		entra := &issuer{}
		shared.add(News{Token: &SharedToken{Token: entra.token("shared"), Print: FingerprintOf("shared")}})
		start := time.Now()
		assert.Equal(t, "shared", token(t, process(shared, entra.acquire)))
		assert.Zero(t, time.Since(start), "who has the token does not wait for that")
		time.Sleep(storeLimit)
		synctest.Wait()
		assert.Equal(t, 1, shared.ended)
		assert.Zero(t, entra.requests())
	})
}
