package tokensource

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"testing"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/cache"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/internal/acquisition"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// numbered answers with at-1, at-2 and so on, and fails challenges if it is to.
func numbered(failing bool) *scriptedEntra {
	return &scriptedEntra{answer: func(n int, form url.Values) (int, string) {
		if failing && form.Get("grant_type") == "refresh_token" && n == 2 {
			return 400, `{"error":"interaction_required","suberror":"basic_action"}`
		}
		scope := "read"
		if n > 1 {
			scope = "read write" // another key in MSAL's cache
		}
		return 200, userToken("ada", fmt.Sprint("at-", n), scope, "")
	}}
}

// The rejected token leaves MSAL's cache, whether or not there was another; the
// account and its refresh token stay. What MSAL itself does is D2 and D3.
func TestRejectedTokenLeavesMSAL(t *testing.T) {
	connect := map[string]func(*scriptedEntra) *Public{
		"built": func(s *scriptedEntra) *Public {
			p, err := NewPublic(PublicConfig{Authority: testAuthority, ClientID: "id", HTTPClient: &http.Client{Transport: s}})
			require.NoError(t, err)
			_, err = p.client.AcquireTokenByAuthCode(t.Context(), "code", "http://localhost", []string{"read"})
			require.NoError(t, err)
			return p
		},
		"wrapped": func(s *scriptedEntra) *Public {
			c, _ := signedIn(t, s, public.WithCache(&Accessor{}))
			return WrapPublic(c, nil)
		},
	}
	for name, connect := range connect {
		for _, failing := range []bool{false, true} {
			t.Run(fmt.Sprint(name, failing), func(t *testing.T) {
				s := numbered(failing)
				p := connect(s)
				source := p.Account(public.Account{}, "read")
				tok, err := source.Token(t.Context(), msalcae.TokenRequest{})
				require.NoError(t, err)
				require.Equal(t, "at-1", tok.Value)
				_, err = source.Token(t.Context(), msalcae.TokenRequest{Claims: laterNbf, Rejected: tok.Value})
				require.Equal(t, failing, err != nil)
				all, err := p.Accounts(t.Context())
				require.NoError(t, err)
				require.Len(t, all, 1)
				for range 50 {
					res, err := p.client.AcquireTokenSilent(t.Context(), []string{"read"}, public.WithSilentAccount(all[0]))
					require.NoError(t, err, "the refresh token is there")
					require.NotEqual(t, "at-1", res.AccessToken)
				}
				assert.LessOrEqual(t, s.count(), 3)
			})
		}
	}
}

// So it does from the cache of an application's own tokens; those for other
// resources stay.
func TestRejectedAppTokenLeavesMSAL(t *testing.T) {
	for name, connect := range map[string]func(testing.TB, *http.Client, confidential.Credential) *Confidential{
		"built": func(t testing.TB, client *http.Client, cred confidential.Credential) *Confidential {
			c, err := NewConfidential(ConfidentialConfig{Authority: testAuthority, ClientID: "id", Credential: cred, HTTPClient: client})
			require.NoError(t, err)
			return c
		},
		"wrapped": func(t testing.TB, client *http.Client, cred confidential.Credential) *Confidential {
			c, err := confidential.New(testAuthority, "id", cred, confidential.WithInstanceDiscovery(false), confidential.WithHTTPClient(client),
				confidential.WithClientCapabilities([]string{"cp1"}), confidential.WithCache(&Accessor{}))
			require.NoError(t, err)
			return WrapConfidential(c)
		},
	} {
		t.Run(name, func(t *testing.T) { rejectAppToken(t, connect) })
	}
}

func rejectAppToken(t *testing.T, connect func(testing.TB, *http.Client, confidential.Credential) *Confidential) {
	s := &scriptedEntra{answer: func(n int, form url.Values) (int, string) {
		if n == 3 {
			return 400, `{"error":"invalid_client"}`
		}
		return 200, fmt.Sprintf(`{"token_type":"Bearer","expires_in":3600,"access_token":"at-%d"}`, n)
	}}
	cred, err := confidential.NewCredFromSecret("x")
	require.NoError(t, err)
	c := connect(t, &http.Client{Transport: s}, cred)
	cached := func(scope string) string {
		res, err := c.client.AcquireTokenByCredential(t.Context(), []string{scope})
		require.NoError(t, err)
		return res.AccessToken
	}
	require.Equal(t, []string{"at-1", "at-2", "at-1", "at-2"}, []string{cached("a/.default"), cached("b/.default"), cached("a/.default"), cached("b/.default")})
	tok, err := c.App("a/.default").Token(t.Context(), msalcae.TokenRequest{})
	require.NoError(t, err)
	require.Equal(t, "at-1", tok.Value)
	_, err = c.App("a/.default").Token(t.Context(), msalcae.TokenRequest{Claims: laterNbf, Rejected: "at-1"})
	require.ErrorIs(t, err, msalcae.ErrMisconfigured)
	assert.Equal(t, "at-4", cached("a/.default"))
	assert.Equal(t, "at-2", cached("b/.default"))
}

// Evictions and everything else at once, for the race detector; and no eviction
// undoes another.
func TestAccessorConcurrently(t *testing.T) {
	s := &scriptedEntra{answer: func(n int, form url.Values) (int, string) {
		scope := form.Get("scope")
		return 200, userToken("ada", fmt.Sprint("at-", n), scope, "")
	}}
	c, ada := signedIn(t, s, public.WithCache(&Accessor{}))
	scopes := []string{"a", "b", "c", "d", "e", "f", "g", "h"}
	values := make([]string, len(scopes))
	for i, scope := range scopes {
		res, err := c.AcquireTokenSilent(t.Context(), []string{scope}, public.WithSilentAccount(ada))
		require.NoError(t, err)
		values[i] = res.AccessToken
	}
	sent := s.count()
	var wg sync.WaitGroup
	for i := range scopes {
		wg.Go(func() {
			ctx := acquisition.With(t.Context(), acquisition.Acquisition{Evict: values[i]})
			_, err := c.Accounts(ctx) // Replace, and no request
			assert.NoError(t, err)
		})
		wg.Go(func() {
			_, err := c.AcquireTokenSilent(t.Context(), []string{"read"}, public.WithSilentAccount(ada))
			assert.NoError(t, err)
		})
	}
	wg.Wait()
	assert.Equal(t, sent, s.count())
	for i, scope := range scopes {
		res, err := c.AcquireTokenSilent(t.Context(), []string{scope}, public.WithSilentAccount(ada))
		require.NoError(t, err)
		assert.NotEqual(t, values[i], res.AccessToken)
	}
}

// MSAL's lock is left unlocked, and its on-behalf-of tokens unharmed, which MSAL
// hands to the same accessor in a form that it cannot read back.
func TestAccessorOnBehalfOf(t *testing.T) {
	s := &scriptedEntra{answer: func(n int, form url.Values) (int, string) {
		return 200, userToken("ada", fmt.Sprint("at-", n), "read", "")
	}}
	cred, err := confidential.NewCredFromSecret("x")
	require.NoError(t, err)
	store := &blobStore{}
	c, err := confidential.New(testAuthority, "id", cred, confidential.WithInstanceDiscovery(false), confidential.WithHTTPClient(&http.Client{Transport: s}),
		confidential.WithCache(&Accessor{Store: store}))
	require.NoError(t, err)
	for range 3 {
		res, err := c.AcquireTokenOnBehalfOf(t.Context(), "assertion", []string{"read"})
		require.NoError(t, err)
		assert.Equal(t, "at-1", res.AccessToken)
	}
	assert.Equal(t, 1, s.count())
	assert.Zero(t, store.exports, "nothing of users is stored under the name of another")
}

// A blobStore keeps one blob, and fails as it is told.
type blobStore struct {
	mu                     sync.Mutex
	blob                   []byte
	exports                int
	loadErr, saveErr       error
	loadPanics, savePanics bool
}

func (m *blobStore) set(change func(*blobStore)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	change(m)
}

func (m *blobStore) kept() (tokens []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all struct {
		AccessToken map[string]struct {
			Secret string `json:"secret"`
		}
	}
	_ = json.Unmarshal(m.blob, &all)
	for _, e := range all.AccessToken {
		tokens = append(tokens, e.Secret)
	}
	return tokens
}

func (m *blobStore) Replace(_ context.Context, into cache.Unmarshaler, _ cache.ReplaceHints) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case m.loadPanics:
		panic("the-secret-in-a-store")
	case m.loadErr != nil:
		return m.loadErr
	case m.blob == nil:
		return nil
	}
	return into.Unmarshal(m.blob)
}

func (m *blobStore) Export(_ context.Context, from cache.Marshaler, _ cache.ExportHints) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.exports++
	switch {
	case m.savePanics:
		panic("the-secret-in-a-store")
	case m.saveErr != nil:
		return m.saveErr
	}
	blob, err := from.Marshal()
	if err == nil {
		m.blob = blob
	}
	return err
}
