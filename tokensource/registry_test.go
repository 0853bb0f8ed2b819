package tokensource

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRegistryKeepsWhatIsUsed(t *testing.T) {
	r := newRegistry[int, *Source](3)
	get := func(k int) *Source { return r.findOr(k, func() *Source { return New(nil) }) }
	one, two := get(1), get(2)
	get(3)
	assert.Same(t, one, get(1))
	get(4) // 2 leaves
	assert.Same(t, one, get(1))
	assert.NotSame(t, two, get(2))
	assert.Len(t, r.all(), 3)
}

// Of many a few leave at once, never those that are used.
func TestRegistryIsBounded(t *testing.T) {
	const bound = 1 << 10
	r := newRegistry[int, *Source](bound)
	get := func(k int) *Source { return r.findOr(k, func() *Source { return New(nil) }) }
	busy := get(-1)
	for k := range 4 * bound {
		get(k)
		require.Same(t, busy, get(-1))
		require.LessOrEqual(t, r.size, bound)
	}
	assert.Greater(t, len(r.all()), bound-bound/64-1)
	_, found := r.find(4*bound - 1)
	assert.True(t, found)
	_, found = r.find(0)
	assert.False(t, found)
	for i, e := range r.matching(func(k int) bool { return k >= 0 }) {
		require.Equal(t, 4*bound-1-i, e.key, "most recently used first")
	}
}

// Whoever asks at once for the same gets the same, while the table changes.
func TestRegistryUnderLoad(t *testing.T) {
	const keys, callers = 1000, 8
	r := newRegistry[int, *Source](2 * keys)
	var made [keys]atomic.Int32
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			var mine [keys]*Source
			for range 3 {
				for k := range keys {
					s := r.findOr(k, func() *Source { made[k].Add(1); return New(nil) })
					if mine[k] != nil && mine[k] != s {
						t.Errorf("%d has two sources", k)
					}
					mine[k] = s
				}
			}
		})
	}
	wg.Wait()
	for k := range made {
		assert.EqualValues(t, 1, made[k].Load(), k)
	}
}

func TestEqualArgumentsGiveOneSource(t *testing.T) {
	cred, err := confidential.NewCredFromSecret("x")
	require.NoError(t, err)
	c, err := NewConfidential(ConfidentialConfig{Authority: "https://login.microsoftonline.com/Contoso.test", ClientID: "id", Credential: cred})
	require.NoError(t, err)
	s := c.App("b", "a")
	assert.Same(t, s, c.App("A", "B", "a"))
	assert.Same(t, s, c.App("a b"))
	assert.Same(t, s, c.Tenant("").App("a", "b"))
	assert.Same(t, s, c.Tenant("contoso.TEST").App("a", "b"), "the authority's own tenant")
	other := c.Tenant("fabrikam.test").App("a", "b")
	assert.NotSame(t, s, other)
	assert.Same(t, other, c.Tenant("Fabrikam.test").App("b", "a"))
	assert.Same(t, other, c.Tenant("x.test").Tenant("fabrikam.test").App("b", "a"))
	assert.NotSame(t, s, c.App("a"))

	p, err := NewPublic(PublicConfig{Authority: "https://login.microsoftonline.com/common", ClientID: "id"})
	require.NoError(t, err)
	zero := p.Account(public.Account{}, "a")
	assert.Same(t, zero, p.Account(public.Account{}, "A"))
	ada := public.Account{HomeAccountID: "uid.utid", Realm: "common"}
	mine := p.Account(ada, "a")
	assert.NotSame(t, zero, mine)
	ada.HomeAccountID, ada.PreferredUsername = "UID.utid", "ada"
	assert.Same(t, mine, p.Account(ada, "a"))
	ada.Realm = "fabrikam.test"
	assert.NotSame(t, mine, p.Account(ada, "a"), "a guest's tokens are of another tenant")
}
