package entratest_test

import (
	"context"
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/msalcae/msalcae/entratest"
)

func TestRevokeAccessTokens(t *testing.T) {
	s := newServer(t)
	app := newNativeApp(t, s)
	first := app.signIn(cp1)
	s.RevokeAccessTokens(s.Username())
	refused := call(t, s, first.token(), "GET", "/me", "")
	require.Equal(t, 401, refused.status)
	assert.Contains(t, string(refused.body), "TokenIssuedBeforeRevocationTimestamp")
	second := app.refresh(first.text("refresh_token"), merge(t, challengeOf(t, refused)))
	require.Equal(t, 200, second.status, "%s", second.body)
	assert.Equal(t, 200, call(t, s, second.token(), "GET", "/me", "").status)
	assert.Equal(t, 1, s.Stats().Prompts)
}

func TestAuthContextOfAPath(t *testing.T) {
	s := newServer(t)
	app := newNativeApp(t, s)
	s.RequireAuthContextAt("/me/messages", "c2")
	token := app.signIn(cp1).token()
	demanded := func(path string) string {
		a := call(t, s, token, "GET", path, "")
		if a.status == 200 {
			return ""
		}
		return challengeOf(t, a)
	}
	c2 := `{"access_token":{"acrs":{"essential":true,"value":"c2"}}}`
	assert.Empty(t, demanded("/me"))
	assert.Equal(t, c2, demanded("/me/messages"))
	assert.Empty(t, demanded("/users"))

	s.RequireAuthContextAt("/", "c1")
	assert.Contains(t, demanded("/me"), "c1")
	assert.Equal(t, c2, demanded("/me/messages"), "the longest path counts")
	token = app.signIn(c2).token()
	assert.Empty(t, demanded("/me/messages"))
	token = app.signIn(cp1).token()
	s.RequireAuthContextAt("/me/messages")
	assert.Contains(t, demanded("/me/messages"), "c1")
	s.RequireAuthContext("c3")
	assert.Contains(t, demanded("/me"), "c3")
	s.RequireAuthContext()
	assert.Empty(t, demanded("/me"))
}

// A sign-in that has passed a second factor is good for contexts that need no
// more, unless it is told to count for its own alone.
func TestAuthContextAfterASecondFactor(t *testing.T) {
	for carry, aadsts := range map[entratest.AuthContexts]int{
		entratest.AuthContextsAsked: 0, entratest.AuthContextsCarried: 0, entratest.AuthContextsForgotten: 50076,
	} {
		s := newServer(t)
		app := newNativeApp(t, s)
		s.SetAuthContexts(carry)
		s.RequireMFA("")
		first := app.signIn(cp1)
		s.RequireAuthContext("c1")
		challenge := challengeOf(t, call(t, s, first.token(), "GET", "/me", ""))
		second := app.refresh(first.text("refresh_token"), merge(t, challenge))
		require.Equal(t, aadsts, second.code(), "%q: %s", carry, second.body)
		if aadsts == 0 {
			assert.Equal(t, []any{"c1"}, payload(t, second.token())["acrs"])
			assert.Equal(t, 200, call(t, s, second.token(), "GET", "/me", "").status)
		}
		s.RequireMFA()
		s.RequireMFA("")
		assert.Equal(t, 200, app.refresh(first.text("refresh_token"), cp1).status, "%q: RequireMFA is content", carry)
	}
}

func TestReset(t *testing.T) {
	s := newServer(t)
	app := newNativeApp(t, s)
	users, apps := s.Users(), s.Apps()
	s.AddUser(entratest.User{Username: "eve@contoso.test"})
	s.AddApp(entratest.App{})
	first := app.signIn(cp1)
	s.Disable(s.Username())
	s.RequireAuthContext("c1")
	s.FailToken(-1, entratest.Fault{AADSTS: 90033})
	s.Protect(http.NotFoundHandler(), "api://orders")

	s.Reset()
	over, cancel := context.WithCancel(t.Context())
	cancel()
	assert.Error(t, s.WaitTokenRequests(over, 1), "nothing has come")
	assert.NotEmpty(t, forOrders(t, s), "what Protect wraps goes on")
	s.Reset()
	assert.Equal(t, entratest.Stats{}, s.Stats())
	assert.Empty(t, s.Log())
	assert.Equal(t, users, s.Users())
	assert.Equal(t, apps, s.Apps())
	stranger := call(t, s, first.token(), "GET", "/me", "")
	assert.Equal(t, 401, stranger.status, "a token of before")
	assert.NotContains(t, stranger.header.Get("WWW-Authenticate"), "claims")
	assert.Equal(t, 70000, app.refresh(first.text("refresh_token"), cp1).code())
	assert.Equal(t, 200, call(t, s, app.signIn(cp1).token(), "GET", "/me", "").status)
}

func TestStartOnAPortThatIsTaken(t *testing.T) {
	s := newServer(t)
	port := portOf(t, s.Authority())
	_, err := entratest.Start(entratest.Config{APIPort: port})
	require.ErrorContains(t, err, "entratest: the API cannot listen")
	_, err = entratest.Start(entratest.Config{AuthorityPort: port})
	require.ErrorContains(t, err, "entratest: the authority cannot listen")
	s.Close()
	again, err := entratest.Start(entratest.Config{AuthorityPort: port})
	require.NoError(t, err)
	defer again.Close()
	assert.Equal(t, s.Authority(), again.Authority())
}

func TestATenantOfChoice(t *testing.T) {
	const id = "22222222-3333-4444-5555-666666666666"
	s, err := entratest.Start(entratest.Config{Tenant: strings.ToUpper(id)})
	require.NoError(t, err)
	defer s.Close()
	assert.Equal(t, id, s.Tenant())
	app := newNativeApp(t, s)
	first := app.signIn(cp1)
	require.Equal(t, 200, first.status, "%s", first.body)
	for _, token := range []string{first.token(), first.text("id_token")} {
		assert.Equal(t, id, payload(t, token)["tid"])
		assert.Equal(t, s.Authority()+"/v2.0", payload(t, token)["iss"])
	}
	assert.Equal(t, 200, call(t, s, first.token(), "GET", "/me", "").status)
	info, err := base64.RawURLEncoding.DecodeString(first.text("client_info"))
	require.NoError(t, err)
	assert.Contains(t, string(info), `"utid":"`+id+`"`)
	s.Revoke(s.Users()[0].ObjectID + "." + id)
	assert.Equal(t, 401, call(t, s, first.token(), "GET", "/me", "").status)
	s.Reset()
	s.Delete(s.Username())
	err = s.SignIn(app.authorizeURL())
	assert.ErrorContains(t, err, "does not exist in the "+id+" directory")
	other := get(t, s, strings.Replace(s.Authority(), id, "11111111-2222-3333-4444-555555555555", 1)+"/v2.0/.well-known/openid-configuration")
	assert.Equal(t, 90002, other.code())
	_, err = entratest.Start(entratest.Config{Tenant: "contoso"})
	assert.ErrorContains(t, err, "must be a GUID")
}
