package tokensource

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/tokensource/internal/registry"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// D2: a successful answer to a challenge does not put the refused token out of
// MSAL's cache if Entra granted other scopes than the time before.
func TestD2RefusedTokenAfterSuccess(t *testing.T) {
	grow := func(n int, _ url.Values) (int, string) {
		scope := "read"
		if n > 1 {
			scope = "read write"
		}
		return 200, userToken("ada", fmt.Sprint("at-", n), scope, "")
	}
	const calls = 400
	ctx := context.Background()
	raw, ada := signedIn(t, &scriptedEntra{answer: grow})
	_, err := raw.AcquireTokenSilent(ctx, []string{"read"}, public.WithSilentAccount(ada), public.WithClaims(laterNbf))
	require.NoError(t, err)
	refused := 0
	for range calls {
		res, err := raw.AcquireTokenSilent(ctx, []string{"read"}, public.WithSilentAccount(ada))
		require.NoError(t, err)
		if res.AccessToken == "at-1" {
			refused++
		}
	}
	assert.NotZero(t, refused, "MSAL does not show the defect any more")

	c, ada := signedIn(t, &scriptedEntra{answer: grow})
	p := WrapPublic(c, nil)
	tok, err := p.Account(ada, "read").Token(ctx, msalcae.TokenRequest{})
	require.NoError(t, err)
	_, err = p.Account(ada, "read").Token(ctx, msalcae.TokenRequest{Claims: laterNbf, Rejected: tok.Value})
	require.NoError(t, err)
	for i := range calls {
		// Also sources that come later and have only MSAL's cache to go by.
		p.sources = registry.New[publicKey, *Source](maxSources, publicKey.hash)
		tok, err := p.Account(ada, "read").Token(ctx, msalcae.TokenRequest{})
		require.NoError(t, err)
		require.NotEqual(t, "at-1", tok.Value, "call %d", i)
	}
}

// D3: after a failed answer to a challenge MSAL goes on with the refused token.
func TestD3RefusedTokenAfterFailure(t *testing.T) {
	fail := func(n int, _ url.Values) (int, string) {
		if n > 1 {
			return 400, `{"error":"interaction_required","suberror":"basic_action","error_codes":[50076],"claims":"{\"access_token\":{\"capolids\":{\"essential\":true,\"values\":[\"p\"]}}}"}`
		}
		return 200, userToken("ada", "at-1", "read", "")
	}
	ctx := context.Background()
	raw, ada := signedIn(t, &scriptedEntra{answer: fail})
	_, err := raw.AcquireTokenSilent(ctx, []string{"read"}, public.WithSilentAccount(ada), public.WithClaims(laterNbf))
	require.Error(t, err)
	res, err := raw.AcquireTokenSilent(ctx, []string{"read"}, public.WithSilentAccount(ada))
	require.NoError(t, err)
	assert.Equal(t, "at-1", res.AccessToken, "MSAL does not show the defect any more")

	c, ada := signedIn(t, &scriptedEntra{answer: fail})
	p := WrapPublic(c, nil)
	tok, err := p.Account(ada, "read").Token(ctx, msalcae.TokenRequest{})
	require.NoError(t, err)
	_, err = p.Account(ada, "read").Token(ctx, msalcae.TokenRequest{Claims: laterNbf, Rejected: tok.Value})
	var answer *msalcae.Error
	require.ErrorAs(t, err, &answer)
	require.ErrorIs(t, err, msalcae.ErrInteractionRequired)
	assert.JSONEq(t, `{"access_token":{"capolids":{"essential":true,"values":["p"]}}}`, answer.Claims)
	_, err = p.Account(ada, "read").Token(ctx, msalcae.TokenRequest{})
	require.ErrorIs(t, err, msalcae.ErrInteractionRequired)
	_, err = p.Account(public.Account{}, "read").Token(ctx, msalcae.TokenRequest{})
	require.Error(t, err, "nor does another source over the client return it")
}

// D12: a token store that fails makes MSAL throw away the token that it has
// just obtained, and with it the refresh token that replaced the old one.
func TestD12StoreFails(t *testing.T) {
	full := errors.New("disk full")
	for name, fail := range map[string]func(*blobStore){
		"write": func(m *blobStore) { m.saveErr = full },
		"panic": func(m *blobStore) { m.savePanics = true },
		"read":  func(m *blobStore) { m.loadErr = full },
		"rot":   func(m *blobStore) { m.blob = []byte(`{"AccessToken":`) },
	} {
		t.Run(name, func(t *testing.T) {
			rotating := func() *scriptedEntra {
				current := ""
				return &scriptedEntra{answer: func(n int, form url.Values) (int, string) {
					if rt := form.Get("refresh_token"); rt != current {
						return 400, `{"error":"invalid_grant"}` // redeemed before
					}
					current = fmt.Sprint("rt-", n)
					answer := userToken("ada", fmt.Sprint("at-", n), "read", "")
					return 200, strings.Replace(answer, "rt-of-ada", current, 1)
				}}
			}
			refresh := func(c public.Client, ada public.Account) error {
				_, err := c.AcquireTokenSilent(t.Context(), []string{"read"}, public.WithSilentAccount(ada), public.WithClaims(laterNbf))
				return err
			}

			raw := &blobStore{}
			c, ada := signedIn(t, rotating(), public.WithCache(raw))
			raw.set(fail)
			if name == "panic" {
				assert.Panics(t, func() { _ = refresh(c, ada) }, "MSAL does not show the defect any more")
			} else {
				assert.Error(t, refresh(c, ada), "MSAL does not show the defect any more")
			}

			store := &blobStore{}
			s := rotating()
			c, ada = signedIn(t, s, public.WithCache(&Accessor{Store: store}))
			p := WrapPublic(c, nil)
			var failures []msalcae.CacheFailedInfo
			trace := &msalcae.Trace{CacheFailed: func(_ context.Context, info msalcae.CacheFailedInfo) { failures = append(failures, info) }}
			source := p.Account(ada, "read")
			tok, err := source.Token(t.Context(), msalcae.TokenRequest{Trace: trace})
			require.NoError(t, err)
			store.set(fail)
			for i := range 3 { // with a refresh token that is good once
				tok, err = source.Token(t.Context(), msalcae.TokenRequest{Claims: nbf(i), Rejected: tok.Value, Trace: trace})
				require.NoError(t, err)
				require.Equal(t, fmt.Sprint("at-", i+2), tok.Value)
			}
			require.NotEmpty(t, failures)
			for _, f := range failures {
				assert.Contains(t, []string{"load", "store"}, f.Op)
				assert.ErrorContains(t, f.Err, "msalcae: the store of MSAL's cache could not be")
				assert.NotContains(t, fmt.Sprintf("%+v", f.Err), "the-secret-in-a-store")
				assert.Equal(t, name == "write" || name == "read", errors.Is(f.Err, full))
			}
			if name == "write" || name == "panic" {
				assert.Equal(t, []string{"at-1"}, store.kept())
			}
		})
	}
}

// What failed is caught up with once the store works again; and whoever signs
// out is told if the store would keep them.
func TestAccessorStoreRecovers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &blobStore{}
		s := &scriptedEntra{answer: func(n int, _ url.Values) (int, string) {
			return 200, userToken("ada", fmt.Sprint("at-", n), "read", "")
		}}
		c, ada := signedIn(t, s, public.WithCache(&Accessor{Store: store}))
		require.Equal(t, []string{"at-1"}, store.kept())
		p := WrapPublic(c, nil)
		source := p.Account(ada, "read")
		store.set(func(m *blobStore) { m.saveErr = io.ErrShortWrite })
		_, err := source.Token(t.Context(), msalcae.TokenRequest{Claims: laterNbf, Rejected: "at-1"})
		require.NoError(t, err)
		require.ErrorIs(t, p.SignOut(t.Context(), ada), io.ErrShortWrite)
		assert.Equal(t, []string{"at-1"}, store.kept())

		store.set(func(m *blobStore) { m.saveErr = nil })
		time.Sleep(blobRest)
		all, err := p.Accounts(t.Context())
		require.NoError(t, err)
		assert.Empty(t, all, "memory goes first")
		assert.Empty(t, store.kept(), "and the store follows")
	})
}

// A store that could never be read is not overwritten: it may have the accounts
// of others.
func TestAccessorLeavesUnreadableStoreAlone(t *testing.T) {
	store := &blobStore{blob: []byte("not a cache")}
	s := &scriptedEntra{answer: func(n int, _ url.Values) (int, string) {
		return 200, userToken("ada", fmt.Sprint("at-", n), "read", "")
	}}
	prompt := promptFunc(func(ctx context.Context, req PromptRequest) (public.AuthResult, error) {
		return req.Client.AcquireTokenByAuthCode(ctx, "code", "http://localhost", req.Scopes)
	})
	c, err := public.New("id", public.WithAuthority(testAuthority), public.WithInstanceDiscovery(false), public.WithClientCapabilities([]string{"cp1"}),
		public.WithHTTPClient(&http.Client{Transport: s}), public.WithCache(&Accessor{Store: store}))
	require.NoError(t, err)
	p := WrapPublic(c, prompt)
	_, err = p.Accounts(t.Context())
	require.ErrorContains(t, err, "could not be read")
	ada, err := p.SignIn(t.Context(), "read")
	require.NoError(t, err)
	_, err = p.Account(ada, "read").Token(t.Context(), msalcae.TokenRequest{})
	require.NoError(t, err)
	require.ErrorContains(t, p.SignOut(t.Context(), ada), "left as it is")
	assert.Equal(t, "not a cache", string(store.blob))
	assert.Zero(t, store.exports)
}

type promptFunc func(context.Context, PromptRequest) (public.AuthResult, error)

func (f promptFunc) SignIn(ctx context.Context, req PromptRequest) (public.AuthResult, error) {
	return f(ctx, req)
}
