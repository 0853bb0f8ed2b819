package tokensource

import (
	"context"
	"errors"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
	"github.com/msalcae/msalcae"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A refresh that is under way while its account signs out must not sign it in
// again: MSAL writes the account with the token.
func TestSignOutDuringRefresh(t *testing.T) {
	for name, back := range map[string]bool{"gone": false, "signed in again": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx := context.Background()
				c, ada := signedIn(t, &scriptedEntra{answer: func(_ int, form url.Values) (int, string) {
					if form.Get("grant_type") == "refresh_token" {
						time.Sleep(time.Second)
					}
					return 200, userToken("ada", "at", "read", "")
				}})
				p := WrapPublic(c, nil)
				source := p.Account(ada, "read")
				result := make(chan error)
				go func() {
					_, err := source.Token(ctx, msalcae.TokenRequest{Claims: laterNbf})
					result <- err
				}()
				synctest.Wait()
				require.NoError(t, p.SignOut(ctx, ada))
				if back {
					_, err := c.AcquireTokenByAuthCode(ctx, "code", "http://localhost", []string{"read"})
					require.NoError(t, err)
					p.bind(ada)
				}
				assert.Equal(t, back, <-result == nil, "nobody gets the token of one who is away")
				time.Sleep(time.Minute)
				all, err := p.Accounts(ctx)
				require.NoError(t, err)
				assert.Equal(t, back, len(all) > 0)
			})
		})
	}
}

// A SignOut that MSAL fails says so, and the sources have forgotten all the
// same.
func TestSignOutForgetsFirst(t *testing.T) {
	c, ada := signedIn(t, &scriptedEntra{answer: func(int, url.Values) (int, string) { return 200, userToken("ada", "at", "read", "") }})
	p := WrapPublic(c, nil)
	source := p.Account(ada, "read")
	_, err := source.Token(context.Background(), msalcae.TokenRequest{})
	require.NoError(t, err)
	p.client = public.Client{} // whose every method panics
	require.Error(t, p.SignOut(context.Background(), ada))
	_, err = source.Token(context.Background(), msalcae.TokenRequest{})
	assert.False(t, err == nil || errors.Is(err, msalcae.ErrInteractionRequired))
}
