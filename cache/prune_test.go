package cache_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	msal "github.com/AzureAD/microsoft-authentication-library-for-go/apps/cache"
	"github.com/msalcae/msalcae/cache"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPruning(t *testing.T) {
	p := cache.New(&cache.Memory{}, key(1)).Partition(scope("people"))
	now := time.Now().Unix()
	tokens := map[string]any{"over": at(now-1, now-100), "good": at(now+100, now-500), "ahead": at(now+100, now+60)}
	for n := range 200 {
		tokens[fmt.Sprint(n)] = at(now+100, now-1000-int64(n))
	}
	blob, err := json.Marshal(map[string]any{"AccessToken": tokens, "RefreshToken": map[string]any{"r": map[string]any{"secret": "RT"}}, "Custom": 1, "AppMetadata": map[string]any{}})
	require.NoError(t, err)
	require.NoError(t, p.Accessor(nil, nil).Export(t.Context(), fixed(blob), msal.ExportHints{}))

	var m memory
	require.NoError(t, p.Accessor(nil, func(v string) bool { return v == fmt.Sprint("AT", now-500) }).Replace(t.Context(), &m, msal.ReplaceHints{}))
	all := string(m.data)
	assert.NotContains(t, all, `"over"`, "ended")
	assert.NotContains(t, all, `"good"`, "evicted")
	assert.NotContains(t, all, fmt.Sprintf(`"cached_at":"%d"`, now+60), "nothing is cached in the future")
	assert.Contains(t, all, `"ahead"`)
	assert.Contains(t, all, `"RT"`)
	assert.Contains(t, all, `"Custom":1`)
	var sections struct{ AccessToken map[string]any }
	require.NoError(t, json.Unmarshal(m.data, &sections))
	assert.Len(t, sections.AccessToken, 99, "100 are kept, one was evicted")
	assert.NotContains(t, sections.AccessToken, "199", "the oldest leave")
}

func at(expires, cached int64) map[string]any {
	return map[string]any{"expires_on": fmt.Sprint(expires), "cached_at": fmt.Sprint(cached), "secret": fmt.Sprint("AT", cached)}
}

func TestEvictedTokenLeavesTheStore(t *testing.T) {
	s, idp := &cache.Memory{}, &sts{}
	first := signIn(t, process(t, s, idp), "ann")
	c := idp.public(t, cache.New(s, key(1)).Partition(scope("people")).Accessor(nil, func(v string) bool { return v == first.AccessToken }))
	res, err := silently(c, first.Account)
	require.NoError(t, err)
	assert.NotEqual(t, first.AccessToken, res.AccessToken, "the refresh token stays")
	res2, err := silently(process(t, s, idp), first.Account)
	require.NoError(t, err)
	assert.Equal(t, res.AccessToken, res2.AccessToken)
}
