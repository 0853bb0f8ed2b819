package entratest_test

import (
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/msalcae/msalcae/entratest"
	"github.com/msalcae/msalcae/wwwauth"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A middleTier is a user's own API that calls Graph on behalf of its callers. It
// asks nobody to sign in: what it cannot answer it hands back to its caller
// (https://learn.microsoft.com/entra/identity-platform/v2-oauth2-on-behalf-of-flow).
type middleTier struct {
	t *testing.T
	s *entratest.Server
}

func (m middleTier) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, assertion, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	claims := cp1
	for range 2 {
		a := m.onBehalfOf(assertion, claims)
		if a.status != 200 {
			relay(w, a.text("claims"), claims)
			return
		}
		me := call(m.t, m.s, a.token(), "GET", "/me", "")
		if me.status == 200 {
			fmt.Fprintf(w, "orders of %s", me.text("displayName"))
			return
		}
		challenge, err := wwwauth.Claims(&http.Response{StatusCode: me.status, Header: me.header})
		assert.NoError(m.t, err)
		claims = merge(m.t, challenge)
	}
	w.WriteHeader(http.StatusBadGateway)
}

func (m middleTier) onBehalfOf(assertion, claims string) answer {
	return post(m.t, m.s, url.Values{
		"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "requested_token_use": {"on_behalf_of"},
		"client_id": {m.s.ClientID()}, "client_secret": {m.s.ClientSecret()}, "assertion": {assertion},
		"scope": {m.s.Scope()}, "claims": {claims},
	})
}

// relay hands a challenge to the caller: Entra's claims, or if Entra names none,
// those of the API below.
func relay(w http.ResponseWriter, entra, api string) {
	claims := entra
	if claims == "" {
		claims = api
	}
	w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", error="insufficient_claims", claims="%s"`,
		base64.StdEncoding.EncodeToString([]byte(claims))))
	w.WriteHeader(http.StatusUnauthorized)
	io.WriteString(w, `{"error":"the API below wants more"}`)
}

// A demand of Graph travels up through an API of one's own, a person meets it
// for that API, and the next call travels down.
func TestMiddleTierRelaysChallenges(t *testing.T) {
	everywhere(t, func(t *testing.T, s *entratest.Server, c *http.Client) {
		at := s.ServeHost("orders.contoso.test", s.Protect(middleTier{t, s}))
		app := newNativeApp(t, s)
		signIn := func(claims string) string {
			scope := "api://" + s.ClientID() + "/.default openid offline_access profile"
			require.NoError(t, s.SignIn(app.authorizeURL("scope", scope, "claims", claims)))
			a := post(t, s, url.Values{
				"grant_type": {"authorization_code"}, "client_id": {s.PublicClientID()}, "code": {(<-app.answers).Get("code")},
				"redirect_uri": {app.redirect}, "code_verifier": {app.verifier}, "scope": {scope}, "claims": {claims},
			})
			require.Equal(t, 200, a.status, "%s", a.body)
			return a.token()
		}
		ask := func(token string) answer { return send(t, c, bearer(t, "GET", at+"/orders", token, nil)) }
		token := signIn(cp1)
		assert.Equal(t, "orders of Ada Lovelace", string(ask(token).body))

		s.RequireAuthContextAt("/me", "c1")
		seen := s.Watch(t)
		refused := ask(token)
		assert.Equal(t, 401, refused.status)
		claims := read(t, refused)
		assert.Contains(t, claims, "capolids")
		seen.Challenges(2) // Graph's, and the middle tier's to its caller
		seen.TokenRequests(2)

		assert.Equal(t, "orders of Ada Lovelace", string(ask(signIn(merge(t, claims))).body))
	})
}
