package persistent

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/tokensource/internal/engine"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func must(claim, value string) engine.Demand {
	d, err := engine.ParseDemand(fmt.Sprintf(`{"access_token":{%q:{"essential":true,"value":%q}}}`, claim, value))
	if err != nil {
		panic(err)
	}
	return d
}

// voiding is news of a token that is void for an hour.
func voiding(value string) engine.News {
	return engine.News{Voided: []engine.VoidedToken{{Print: engine.FingerprintOf(value), Until: time.Now().Add(time.Hour)}}}
}

// sealedAndOpened is r as the next process sees it.
func sealedAndOpened(t testing.TB, r engine.Record, now time.Time) engine.Record {
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
			news := engine.News{Refused: r.Version}
			switch rnd.IntN(4) {
			case 0:
				v := fmt.Sprint("t", n)
				news.Token = &engine.SharedToken{Token: &msalcae.Token{Value: v, ExpiresOn: ends, RefreshOn: now}, Print: engine.FingerprintOf(v),
					Demand: r.Pending, Asked: r.Version + 1, StepUp: rnd.IntN(2) == 0, Silent: rnd.IntN(2) == 0}
				news.Renews = r.Pending != nil
			case 1:
				news.Voided = []engine.VoidedToken{{Print: engine.FingerprintOf(fmt.Sprint("t", rnd.IntN(12))), Until: ends}}
			case 2:
				news.Pending = []engine.Demand{{}, must("nbf", fmt.Sprint(n)), must("acrs", "c1"), must("capolids", "p")}[rnd.IntN(4)]
			case 3:
				news.Pause = time.Minute
			}
			r = r.With(news, now)
		}
		got := sealedAndOpened(t, r, now)
		require.Len(t, got.Tokens, len(r.Tokens))
		for i := range r.Tokens {
			assert.Equal(t, *r.Tokens[i].Token, *got.Tokens[i].Token)
			r.Tokens[i].Token, got.Tokens[i].Token = nil, nil
		}
		if len(r.Tokens) == 0 {
			r.Tokens = nil
		}
		if len(r.Voided) == 0 {
			r.Voided = nil
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
	assert.Empty(t, r.Tokens)
	assert.Empty(t, r.Voided)
	assert.Nil(t, r.Pending)
	assert.LessOrEqual(t, r.Paused.Sub(now), maxShownPause, "no machine's clock keeps others from asking for long")
}

func TestSharedRecordsAreBounded(t *testing.T) {
	now := time.Now()
	var data []byte
	for n := range 2 * maxShared {
		r := unborn(now).With(voiding(fmt.Sprint(n)), now)
		var err error
		data, err = openShared(data).put(fmt.Sprint(n), r, now.Add(time.Duration(n)*time.Second))
		require.NoError(t, err)
	}
	s := openShared(data)
	assert.Len(t, s.Sources, maxShared)
	assert.Contains(t, s.Sources, fmt.Sprint(2*maxShared-1))
	assert.Len(t, s.voided("another"), engine.MaxSharedVoids)
	later, err := s.put("later", unborn(now), now.Add(sharedLife+time.Hour))
	require.NoError(t, err)
	assert.Len(t, openShared(later).Sources, 1, "what nobody has touched for so long is of no use")
}

func TestVoidsAreTheIdentitys(t *testing.T) {
	now := time.Now()
	data, err := openShared(nil).put("a", unborn(now).With(voiding("bad"), now), now)
	require.NoError(t, err)
	b := openShared(data).of("b", now)
	require.Len(t, b.Voided, 1)
	assert.Equal(t, engine.FingerprintOf("bad"), b.Voided[0].Print, "one token can serve the scopes of several sources")
}

func TestRecordMadeAnewIsNewer(t *testing.T) {
	now := time.Now()
	r := unborn(now)
	for n := range 20 {
		r = r.With(voiding(fmt.Sprint(n)), now)
	}
	assert.Less(t, r.Version, unborn(now.Add(time.Millisecond)).Version)
}
