package tokensource

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/cache"
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
	_, found = withoutTokens([]byte(all), []string{`"+`})
	assert.True(t, found, "a character that JSON writes in several ways")
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

// A token that was refused is gone when MSAL looks for one, whoever has it look:
// only a source's silent request with claims does not.
func TestRefusedTokenIsNotFound(t *testing.T) {
	for name, c := range map[string]struct {
		acquisition.Acquisition
		anew bool // MSAL passes over it
	}{
		"a source without claims":    {acquisition.Acquisition{Renewal: true}, false},
		"what a Prompt asks of MSAL": {acquisition.Acquisition{Claims: true}, false},
		"the program, of MSAL":       {},
		"a source with claims":       {acquisition.Acquisition{Renewal: true, Claims: true}, true},
	} {
		a, anew := c.Acquisition, c.anew
		for _, store := range []*blobStore{nil, {}} {
			accessor := &Accessor{}
			if store != nil {
				accessor.Store = store
			}
			c, ada := signedIn(t, numbered(false), public.WithCache(accessor))
			a.Evict = "at-1"
			ctx := acquisition.With(t.Context(), a)
			res, err := c.AcquireTokenSilent(ctx, []string{"read"}, public.WithSilentAccount(ada))
			require.NoError(t, err)
			if store == nil && anew {
				assert.Equal(t, "at-1", res.AccessToken, "MSAL was said to pass over it")
				res, err = c.AcquireTokenSilent(t.Context(), []string{"read"}, public.WithSilentAccount(ada))
				require.NoError(t, err)
			}
			assert.Equal(t, "at-2", res.AccessToken, name)
			_, err = c.Accounts(t.Context())
			require.NoError(t, err)
			assert.Empty(t, accessor.refused.all(), "it need not be looked for again")
		}
	}
}

// A sweep touches no store. Who comes next does it.
func TestSweepLeavesTheStoreAlone(t *testing.T) {
	store := &blobStore{}
	c, _ := signedIn(t, numbered(false), public.WithCache(&Accessor{Store: store}))
	before := store.exports
	_, err := c.Accounts(acquisition.With(t.Context(), acquisition.Acquisition{Evict: "at-1", Sweep: true}))
	require.NoError(t, err)
	assert.Equal(t, before, store.exports)
	_, err = c.Accounts(t.Context())
	require.NoError(t, err)
	assert.Empty(t, store.kept())
}

// What is in memory alone leaves it, too, while a store does not take it.
func TestRefusedTokenLeavesMemoryWithoutItsStore(t *testing.T) {
	store := &blobStore{saveErr: io.ErrShortWrite}
	accessor := &Accessor{Store: store}
	ours := acquisition.With(t.Context(), acquisition.Acquisition{})
	c, err := public.New("id", public.WithAuthority(testAuthority), public.WithInstanceDiscovery(false),
		public.WithHTTPClient(&http.Client{Transport: numbered(false)}), public.WithCache(accessor))
	require.NoError(t, err)
	res, err := c.AcquireTokenByAuthCode(ours, "code", "http://localhost", []string{"read"})
	require.NoError(t, err)
	ctx := acquisition.With(t.Context(), acquisition.Acquisition{Evict: res.AccessToken})
	again, err := c.AcquireTokenSilent(ctx, []string{"read"}, public.WithSilentAccount(res.Account))
	require.NoError(t, err)
	assert.NotEqual(t, res.AccessToken, again.AccessToken)
}

// A slowMemory is MSAL's, and slow to be read out.
type slowMemory struct {
	all   []byte
	began chan struct{}
	met   chan struct{} // somebody else looked before it was written back
}

func (m *slowMemory) AllAccounts() []public.Account { return nil }

func (m *slowMemory) Marshal() ([]byte, error) {
	close(m.began)
	select {
	case <-m.met:
	case <-time.After(100 * time.Millisecond):
	}
	return m.all, nil
}

func (m *slowMemory) Unmarshal(all []byte) error {
	select {
	case <-m.met:
	default:
		m.all = all
	}
	return nil
}

// Who comes while a refused token is being removed waits until it is.
func TestNobodyLooksWhileATokenLeaves(t *testing.T) {
	m := &slowMemory{all: []byte(`{"AccessToken":{"a":{"secret":"x"}}}`), began: make(chan struct{}), met: make(chan struct{})}
	accessor := &Accessor{}
	var wg sync.WaitGroup
	wg.Go(func() {
		ctx := acquisition.With(t.Context(), acquisition.Acquisition{Evict: "x"})
		assert.NoError(t, accessor.Replace(ctx, m, cache.ReplaceHints{}))
	})
	<-m.began
	require.NoError(t, accessor.Replace(t.Context(), m, cache.ReplaceHints{}))
	close(m.met)
	wg.Wait()
	assert.JSONEq(t, `{"AccessToken":{}}`, string(m.all))
}
