package tokensource

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
	"github.com/msalcae/msalcae"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Each defect of MSAL 1.10.1 that is kept away from our users has a test over
// two subjects: MSAL must show it, so that an upgrade which mends it is
// noticed, and we must not. The tests of one idea are in a file: claims
// and requests here, the cache, errors, HTTP and the browser in defects_*_test.go.

// D1: claims that are the literal null, from any API, crash MSAL.
func TestD1NullClaims(t *testing.T) {
	s := &scriptedEntra{answer: func(n int, _ url.Values) (int, string) {
		return 200, userToken("ada", fmt.Sprint("at-", n), "read", "")
	}}
	c, ada := signedIn(t, s)
	assert.Panics(t, func() {
		_, _ = c.AcquireTokenSilent(context.Background(), []string{"read"}, public.WithSilentAccount(ada), public.WithClaims("null"))
	}, "MSAL does not show the defect any more")
	p := WrapPublic(c, nil)
	source := p.Account(ada, "read")
	flow := user{public: p, home: ada.HomeAccountID, form: &scopeForm{canonical: []string{"read"}}}
	for name, acquire := range map[string]Acquirer{"source": source.Token, "flow": flow.acquire} {
		_, err := acquire(context.Background(), msalcae.TokenRequest{Claims: "null"})
		require.Error(t, err, name)
	}
	tok, err := source.Token(context.Background(), msalcae.TokenRequest{})
	require.NoError(t, err, "no lock was left behind")
	assert.Equal(t, "at-1", tok.Value)
}

// D5: MSAL sends one token request for each caller.
func TestD5OneRequestForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 50
		run := func(get func() error, s *scriptedEntra) int {
			errs := make(chan error, n)
			for range n {
				go func() { errs <- get() }()
			}
			for range n {
				require.NoError(t, <-errs)
			}
			return s.count()
		}
		slow := func(int, url.Values) (int, string) {
			time.Sleep(time.Second)
			return 200, goodToken
		}
		cred, err := confidential.NewCredFromSecret("x")
		require.NoError(t, err)
		s := &scriptedEntra{answer: slow}
		raw, err := confidential.New(testAuthority, "id", cred, confidential.WithInstanceDiscovery(false), confidential.WithHTTPClient(&http.Client{Transport: s}))
		require.NoError(t, err)
		assert.Equal(t, n, run(func() error {
			_, err := raw.AcquireTokenByCredential(context.Background(), []string{"api://x/.default"})
			return err
		}, s), "MSAL does not show the defect any more")

		s = &scriptedEntra{answer: slow}
		source := appOver(t, s)
		assert.Equal(t, 1, run(func() error {
			_, err := source.Token(context.Background(), msalcae.TokenRequest{})
			return err
		}, s))
	})
}

// D6: MSAL fails a call whose token is good because refreshing it early failed.
func TestD6ProactiveRefresh(t *testing.T) {
	for name, failure := range map[string]string{
		"trouble":     `{"error":"temporarily_unavailable"}`,
		"interaction": `{"error":"invalid_grant","suberror":"bad_token"}`,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &scriptedEntra{answer: func(n int, _ url.Values) (int, string) {
					if n > 1 {
						return 400, failure
					}
					return 200, userToken("ada", "at-1", "read", `,"refresh_in":60`)
				}}
				c, ada := signedIn(t, s)
				time.Sleep(2 * time.Minute)
				res, err := c.AcquireTokenSilent(context.Background(), []string{"read"}, public.WithSilentAccount(ada))
				assert.Error(t, err, "MSAL does not show the defect any more")
				assert.Equal(t, "at-1", res.AccessToken)

				tok, err := WrapPublic(c, nil).Account(ada, "read").Token(context.Background(), msalcae.TokenRequest{})
				require.NoError(t, err)
				assert.Equal(t, "at-1", tok.Value)
				assert.False(t, tok.RefreshOn.IsZero())
			})
		})
	}
}

// D8: MSAL takes a refresh that is answered with another person's token.
func TestD8RefreshForAnother(t *testing.T) {
	ctx := context.Background()
	swap := func(n int, _ url.Values) (int, string) {
		if n > 1 {
			return 200, userToken("bob", "at-of-bob", "read", "")
		}
		return 200, userToken("ada", "at-1", "read", "")
	}
	c, ada := signedIn(t, &scriptedEntra{answer: swap})
	res, err := c.AcquireTokenSilent(ctx, []string{"read"}, public.WithSilentAccount(ada), public.WithClaims(laterNbf))
	require.NoError(t, err, "MSAL does not show the defect any more")
	assert.Equal(t, "at-of-bob", res.AccessToken)

	c, ada = signedIn(t, &scriptedEntra{answer: swap})
	p := WrapPublic(c, nil)
	_, err = p.Account(ada, "read").Token(ctx, msalcae.TokenRequest{Claims: laterNbf, Rejected: "at-1"})
	require.ErrorIs(t, err, msalcae.ErrAccountMismatch)
	all, err := p.Accounts(ctx)
	require.NoError(t, err)
	require.Len(t, all, 1)
	assert.Equal(t, ada.HomeAccountID, all[0].HomeAccountID)
}
