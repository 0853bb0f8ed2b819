package tokensource

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/cache"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// sealedAndOpened is r as the next process sees it.
func sealedAndOpened(t testing.TB, r record, now time.Time) record {
	t.Helper()
	data, err := openShared(nil).put("k", r, now)
	require.NoError(t, err)
	return openShared(data).of("k", now)
}

// What is opened is what was sealed, whatever a record was told.
func TestRecordsSurviveSealing(t *testing.T) {
	for seed := range uint64(300) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		now := time.Now().UTC().Round(0)
		r := unborn(now)
		for n := range 12 {
			ends := now.Add(time.Hour)
			news := news{refused: r.version}
			switch rnd.IntN(4) {
			case 0:
				v := fmt.Sprint("t", n)
				news.token = &sharedToken{token: &msalcae.Token{Value: v, ExpiresOn: ends, RefreshOn: now}, print: fingerprintOf(v),
					demand: r.pending, asked: r.version + 1, stepUp: rnd.IntN(2) == 0, silent: rnd.IntN(2) == 0}
				news.renews = r.pending != nil
			case 1:
				news.voided = []voidedToken{{fingerprintOf(fmt.Sprint("t", rnd.IntN(12))), ends}}
			case 2:
				news.pending = []demand{{}, must(nbf(n)), must(acrs("c1")), must(capol("p"))}[rnd.IntN(4)]
			case 3:
				news.pause = time.Minute
			}
			r = r.with(news, now)
		}
		got := sealedAndOpened(t, r, now)
		require.Len(t, got.tokens, len(r.tokens))
		for i := range r.tokens {
			assert.Equal(t, *r.tokens[i].token, *got.tokens[i].token)
			r.tokens[i].token, got.tokens[i].token = nil, nil
		}
		if len(r.tokens) == 0 {
			r.tokens = nil
		}
		if len(r.voided) == 0 {
			r.voided = nil
		}
		require.Equal(t, r, got, "seed %d", seed)
	}
}

func TestRecordsThatCannotBeRead(t *testing.T) {
	now := time.Now()
	for _, text := range []string{``, `null`, `[]`, `{"sources":7}`, `{"sources":{"k":{"touched":"x"}}}`} {
		r := openShared([]byte(text)).of("k", now)
		assert.Equal(t, unborn(now), r, text)
	}
	data, err := json.Marshal(map[string]any{"sources": map[string]any{"k": map[string]any{
		"touched": now, "version": 7, "paused": now.Add(24 * time.Hour), "pending": `{"access_token":7}`,
		"voided": []any{map[string]any{"print": "AAAA", "until": now}},
		"tokens": []any{map[string]any{"value": ""}, map[string]any{"value": "v", "demand": "null"}},
	}}})
	require.NoError(t, err)
	r := openShared(data).of("k", now)
	assert.Empty(t, r.tokens)
	assert.Empty(t, r.voided)
	assert.Nil(t, r.pending)
	assert.LessOrEqual(t, r.paused.Sub(now), maxShownPause, "no machine's clock keeps others from asking for long")
}

func TestSharedRecordsAreBounded(t *testing.T) {
	now := time.Now()
	var data []byte
	for n := range 2 * maxShared {
		r := unborn(now).with(news{voided: voiding(fmt.Sprint(n))}, now)
		var err error
		data, err = openShared(data).put(fmt.Sprint(n), r, now.Add(time.Duration(n)*time.Second))
		require.NoError(t, err)
	}
	s := openShared(data)
	assert.Len(t, s.Sources, maxShared)
	assert.Contains(t, s.Sources, fmt.Sprint(2*maxShared-1))
	assert.Len(t, s.voided("another"), maxSharedVoids)
	later, err := s.put("later", unborn(now), now.Add(sharedLife+time.Hour))
	require.NoError(t, err)
	assert.Len(t, openShared(later).Sources, 1, "what nobody has touched for so long is of no use")
}

func TestVoidsAreTheIdentitys(t *testing.T) {
	now := time.Now()
	data, err := openShared(nil).put("a", unborn(now).with(news{voided: voiding("bad")}, now), now)
	require.NoError(t, err)
	b := openShared(data).of("b", now)
	assert.True(t, b.isVoid(fingerprintOf("bad")), "one token can serve the scopes of several sources")
}

func TestRecordMadeAnewIsNewer(t *testing.T) {
	now := time.Now()
	r := unborn(now)
	for n := range 20 {
		r = r.with(news{voided: voiding(fmt.Sprint(n))}, now)
	}
	assert.Less(t, r.version, unborn(now.Add(time.Millisecond)).version)
}

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
