package tokensource

import (
	"fmt"
	"net/url"
	"testing"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
	"github.com/msalcae/msalcae/internal/acquisition"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Nothing but the tokens is touched, whoever wrote the cache.
func TestWithoutTokens(t *testing.T) {
	const all = `{"AccessToken":{"a":{"secret":"x","home_account_id":"h"},"b":{"secret":"y","unknown":12345678901234567890},"c":7,"d":{"secret":"\u0022+"}},
		"RefreshToken":{"r":{"secret":"x"}},"Account":{"k":{"name":"<ü>"}},"Unknown":[1,{"z":1.10}]}`
	left, found := withoutTokens([]byte(all), []string{"none", "x", `"+`})
	require.True(t, found)
	assert.JSONEq(t, `{"AccessToken":{"b":{"secret":"y","unknown":12345678901234567890},"c":7},
		"RefreshToken":{"r":{"secret":"x"}},"Account":{"k":{"name":"<ü>"}},"Unknown":[1,{"z":1.10}]}`, string(left))
	assert.Contains(t, string(left), "12345678901234567890")
	for _, none := range []string{all[:20], ``, `null`, `[]`, `{}`, `{"AccessToken":[]}`, `{"AccessToken":{"a":{"secret":"z"}}}`, `{"RefreshToken":{"a":{"secret":"x"}}}`} {
		left, found = withoutTokens([]byte(none), []string{"x"})
		assert.False(t, found, none)
		assert.Equal(t, none, string(left))
	}
}

// A challenge that is answered costs the same however much MSAL has in memory:
// the new token takes the place of the refused one.
func TestChallengeDoesNotReadOutMemory(t *testing.T) {
	few := testing.AllocsPerRun(20, crowded(t, 1, &Accessor{}))
	many := testing.AllocsPerRun(20, crowded(t, 200, &Accessor{}))
	assert.Less(t, many, 2*few)
}

// Who refuses many tokens before anybody looks has them all removed, and MSAL
// does not keep them waiting without bound.
func TestRefusalsLeaveTogether(t *testing.T) {
	s := &scriptedEntra{answer: func(n int, form url.Values) (int, string) {
		return 200, userToken("ada", fmt.Sprint("at-", n), form.Get("scope"), "")
	}}
	accessor := &Accessor{}
	c, ada := signedIn(t, s, public.WithCache(accessor))
	held := func() map[string]bool {
		values := map[string]bool{}
		for i := range 3 * maxRefusals {
			res, err := c.AcquireTokenSilent(t.Context(), []string{fmt.Sprint("scope-", i)}, public.WithSilentAccount(ada))
			require.NoError(t, err)
			values[res.AccessToken] = true
		}
		return values
	}
	refused := held()
	require.Equal(t, refused, held(), "MSAL answers from memory")
	for value := range refused {
		ctx := acquisition.With(t.Context(), acquisition.Acquisition{Evict: value, Renewal: true, Claims: true})
		_, err := c.Accounts(ctx)
		require.NoError(t, err)
		assert.LessOrEqual(t, len(accessor.refused.all()), maxRefusals)
		assert.NotContains(t, fmt.Sprintf("%+v %#v", accessor, accessor), value)
	}
	for value := range held() {
		assert.NotContains(t, refused, value)
	}
	assert.Empty(t, accessor.refused.all())
}
