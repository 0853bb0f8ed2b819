package cache_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/msalcae/msalcae/cache"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestContentsComeBack(t *testing.T) {
	p := cache.New(&cache.Memory{}, key(1)).Partition(scope("s"))
	at := time.Now().Add(-time.Minute).Round(0).UTC()
	token := cache.Token{
		Value: "value", ExpiresOn: at.Add(time.Hour), RefreshOn: at.Add(30 * time.Minute), ObtainedOn: at, Claims: `{"access_token":{}}`,
	}
	require.NoError(t, p.Update(t.Context(), func(c *cache.Contents) {
		c.Tokens["x"] = token
		c.Voids["print"] = at.Add(time.Hour)
		c.Pending["x"] = cache.Pending{Claims: "{}", Since: at}
	}))
	c, err := p.Load(t.Context())
	require.NoError(t, err)
	assert.Equal(t, map[string]cache.Token{"x": token}, c.Tokens)
	assert.Equal(t, map[string]time.Time{"print": at.Add(time.Hour)}, c.Voids)
	assert.Equal(t, map[string]cache.Pending{"x": {Claims: "{}", Since: at}}, c.Pending)
}

func TestContentsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &faulty{}
		p := cache.New(s, key(1)).Partition(scope("s"))
		now := time.Now()
		require.NoError(t, p.Update(t.Context(), func(c *cache.Contents) {
			c.Tokens["short"] = cache.Token{Value: "s", ExpiresOn: now.Add(time.Minute)}
			c.Tokens["long"] = cache.Token{Value: "l", ExpiresOn: now.Add(time.Hour)}
			c.Tokens["over"] = cache.Token{Value: "o", ExpiresOn: now}
			c.Voids["short"] = now.Add(time.Minute)
			c.Pending["x"] = cache.Pending{Claims: "{}", Since: now}
		}))
		time.Sleep(2 * time.Minute)
		c, err := p.Load(t.Context())
		require.NoError(t, err)
		assert.Len(t, c.Tokens, 1)
		assert.Contains(t, c.Tokens, "long")
		assert.Empty(t, c.Voids)
		assert.Len(t, c.Pending, 1)

		time.Sleep(26 * time.Hour)
		require.NoError(t, p.Update(t.Context(), func(c *cache.Contents) { assert.Empty(t, c.Tokens) }))
		time.Sleep(2 * time.Hour)
		require.NoError(t, p.Update(t.Context(), func(c *cache.Contents) { assert.Empty(t, c.Pending) }))
		name, _ := s.only(t)
		_, err = s.Memory.Load(t.Context(), name)
		assert.ErrorIs(t, err, cache.ErrNotFound, "nothing is left, and no record of it")
	})
}

func TestContentsAreBounded(t *testing.T) {
	p := cache.New(&cache.Memory{}, key(1)).Partition(scope("s"))
	now := time.Now()
	require.NoError(t, p.Update(t.Context(), func(c *cache.Contents) {
		for n := range 3000 {
			at := now.Add(time.Duration(n+1) * time.Second)
			c.Tokens[fmt.Sprint(n)] = cache.Token{Value: "t", ExpiresOn: at}
			c.Voids[fmt.Sprint(n)] = at
			c.Pending[fmt.Sprint(n)] = cache.Pending{Claims: "{}", Since: at.Add(-time.Hour)}
		}
	}))
	c, err := p.Load(t.Context())
	require.NoError(t, err)
	assert.Len(t, c.Tokens, 64)
	assert.Len(t, c.Voids, 1024)
	assert.Len(t, c.Pending, 64)
	assert.Contains(t, c.Tokens, "2999", "what ends last is kept")

	err = p.Update(t.Context(), func(c *cache.Contents) { c.Tokens["huge"] = lasting(strings.Repeat("x", 1<<20)) })
	assert.ErrorIs(t, err, cache.ErrTooLarge)
	c, err = p.Load(t.Context())
	require.NoError(t, err)
	assert.Len(t, c.Tokens, 64, "what was there is still there")
}

func TestTimesOfAnotherMachine(t *testing.T) {
	p := cache.New(&cache.Memory{}, key(1)).Partition(scope("s"))
	now := time.Now()
	require.NoError(t, p.Update(t.Context(), func(c *cache.Contents) {
		c.Tokens["x"] = cache.Token{Value: "x", ExpiresOn: now.Add(2 * time.Hour), ObtainedOn: now.Add(time.Hour)}
		c.Pending["x"] = cache.Pending{Claims: "{}", Since: now.Add(time.Hour)}
	}))
	c, err := p.Load(t.Context())
	require.NoError(t, err)
	assert.WithinDuration(t, now, c.Tokens["x"].ObtainedOn, time.Minute)
	assert.WithinDuration(t, now, c.Pending["x"].Since, time.Minute)
}

func TestTokenIsNotPrinted(t *testing.T) {
	token := lasting("the-secret")
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		assert.NotContains(t, fmt.Sprintf(verb, token), "secret")
		assert.NotContains(t, fmt.Sprintf(verb, cache.Contents{Tokens: map[string]cache.Token{"x": token}}), "secret")
		assert.NotContains(t, fmt.Sprintf(verb, token), fmt.Sprintf("%x", "secret"))
	}
	text, err := json.Marshal(token)
	require.NoError(t, err)
	assert.NotContains(t, string(text), "secret")
}
