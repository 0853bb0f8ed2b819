package tokensource

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
	"github.com/msalcae/msalcae"
	"github.com/stretchr/testify/require"
)

// crowded returns the flow of one of many people who are signed in with tokens
// as long as Entra's, each to one scope, and what challenges it: the token
// request with which a refused token is replaced.
func crowded(t testing.TB, people int, store *Accessor) (challenge func()) {
	s := &scriptedEntra{answer: func(n int, form url.Values) (int, string) {
		uid := form.Get("code")
		if uid == "" {
			uid = strings.TrimPrefix(form.Get("refresh_token"), "rt-of-")
		}
		return 200, userToken(uid, entraSized(n), "read", "")
	}}
	c, _ := signedIn(t, s, public.WithCache(store))
	var last public.AuthResult
	for i := range people {
		var err error
		last, err = c.AcquireTokenByAuthCode(t.Context(), fmt.Sprint("person-", i), "http://localhost", []string{"read"})
		require.NoError(t, err)
	}
	u := &user{public: WrapPublic(c, nil), home: last.Account.HomeAccountID, form: &scopeForm{canonical: []string{"read"}}}
	refused := last.AccessToken
	return func() {
		tok, err := u.acquire(t.Context(), msalcae.TokenRequest{Claims: laterNbf, Rejected: refused})
		require.NoError(t, err)
		require.NotEqual(t, refused, tok.Value)
		refused = tok.Value
	}
}

func entraSized(n int) string { return strings.Repeat("eyJ0", 450) + fmt.Sprintf(".signature-%d", n) }

// What a challenge costs in MSAL's cache.
func BenchmarkEviction(b *testing.B) {
	for _, people := range []int{1, 100, 1000} {
		for name, accessor := range map[string]func() *Accessor{
			"memory": func() *Accessor { return &Accessor{} },
			"store":  func() *Accessor { return &Accessor{Store: &blobStore{}} },
		} {
			b.Run(fmt.Sprintf("%s/%d", name, people), func(b *testing.B) {
				challenge := crowded(b, people, accessor())
				b.ReportAllocs()
				for b.Loop() {
					challenge()
				}
			})
		}
	}
}
