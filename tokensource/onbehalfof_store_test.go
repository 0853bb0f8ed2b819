package tokensource

import (
	"context"
	"testing"
	"time"

	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/cache"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What belongs to callers of an API stays out of the cache: MSAL fails on it from
// the second time on.
func TestOnBehalfOfStaysOutOfTheCache(t *testing.T) {
	s := &scriptedEntra{answer: onBehalf}
	m := &countingStore{}
	c := confidentialOver(t, s, func(cfg *ConfidentialConfig) { cfg.Cache = cache.New(m) })
	source := c.OnBehalfOf(assertionOf("ada", time.Now().Add(time.Hour)), "api://b/.default")
	for n := range 3 {
		req := msalcae.TokenRequest{}
		if tok, err := source.Token(t.Context(), req); n > 0 {
			require.NoError(t, err)
			req.Claims, req.Rejected = nbf(n), tok.Value
		}
		_, err := source.Token(t.Context(), req)
		require.NoError(t, err)
	}
	assert.Zero(t, m.uses)
}

type countingStore struct {
	cache.Memory
	uses int
}

func (c *countingStore) Load(ctx context.Context, name string) ([]byte, error) {
	c.uses++
	return c.Memory.Load(ctx, name)
}
