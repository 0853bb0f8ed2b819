package tokensource

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A store that could not be read when the program began, while somebody signed
// in, is used again once it can be: nobody is lost, neither who was in it nor
// who came meanwhile.
func TestAccessorStoreIsFoundAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &scriptedEntra{answer: func(n int, form url.Values) (int, string) {
			uid := form.Get("code")
			return 200, userToken(uid, fmt.Sprint("at-of-", uid), "read", "")
		}}
		connect := func(store *blobStore) public.Client {
			c, err := public.New("id", public.WithAuthority(testAuthority), public.WithInstanceDiscovery(false),
				public.WithClientCapabilities([]string{"cp1"}),
				public.WithHTTPClient(&http.Client{Transport: s}), public.WithCache(&Accessor{Store: store}))
			require.NoError(t, err)
			return c
		}
		signIn := func(c public.Client, uid string) error {
			_, err := c.AcquireTokenByAuthCode(t.Context(), uid, "http://localhost", []string{"read"})
			return err
		}
		names := func(c public.Client) (all []string) {
			accounts, err := c.Accounts(t.Context())
			require.NoError(t, err)
			for _, a := range accounts {
				all = append(all, a.PreferredUsername)
			}
			slices.Sort(all)
			return all
		}
		store := &blobStore{}
		require.NoError(t, signIn(connect(store), "ada"))
		require.Equal(t, 1, store.exports)

		store.set(func(m *blobStore) { m.loadErr = io.ErrUnexpectedEOF })
		c := connect(store)
		p := WrapPublic(c, signInPrompt("bob"))
		_, err := p.SignIn(t.Context(), "read")
		require.NoError(t, err)
		assert.Equal(t, []string{"bob"}, names(c))
		time.Sleep(blobRest)
		assert.Equal(t, []string{"bob"}, names(c), "it still cannot be read")
		store.set(func(m *blobStore) { m.loadErr = nil })
		assert.Equal(t, []string{"bob"}, names(c), "it is left alone for a while")
		assert.Equal(t, 1, store.exports)
		time.Sleep(blobRest)
		assert.Equal(t, []string{"ada", "bob"}, names(c))
		assert.ElementsMatch(t, []string{"at-of-ada", "at-of-bob"}, store.kept())
		require.NoError(t, signIn(c, "eve"))
		assert.Equal(t, []string{"ada", "bob", "eve"}, names(connect(store)), "and is written as ever")
	})
}

// Neither an empty store nor one that has become worse than unreadable costs
// what memory has.
func TestLaidOver(t *testing.T) {
	const ours = `{"AccessToken":{"a":{"secret":"new"}},"Account":{"k":{}},"New":{"x":1}}`
	for theirs, want := range map[string]string{
		``:     ours,
		`null`: ours,
		`{}`:   ours,
		`{"AccessToken":{"a":{"secret":"old"},"b":{"n":12345678901234567890}},"Account":null,"Unknown":[1]}`: `{"AccessToken":
			{"a":{"secret":"new"},"b":{"n":12345678901234567890}},"Account":{"k":{}},"New":{"x":1},"Unknown":[1]}`,
		`{"AccessToken":7}`: `{"AccessToken":7,"Account":{"k":{}},"New":{"x":1}}`, // which MSAL will not take
	} {
		both, err := laidOver([]byte(theirs), []byte(ours))
		require.NoError(t, err)
		assert.JSONEq(t, want, string(both))
	}
	for _, bad := range []string{`[`, `7`, `{"AccessToken":`} {
		_, err := laidOver([]byte(bad), []byte(ours))
		assert.Error(t, err)
		assert.Error(t, (&copied{}).Unmarshal([]byte(bad)))
	}
}

// signInPrompt has somebody sign in with the token request's own context.
func signInPrompt(uid string) Prompt {
	return promptFunc(func(ctx context.Context, req PromptRequest) (public.AuthResult, error) {
		return req.Client.AcquireTokenByAuthCode(ctx, uid, "http://localhost", req.Scopes)
	})
}
