package entratest_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/msalcae/msalcae/entratest"
	"github.com/msalcae/msalcae/wwwauth"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestGraph(t *testing.T) {
	s := newServer(t)
	token := newNativeApp(t, s).signIn(cp1).token()
	me := call(t, s, token, "GET", "/me", "")
	require.Equal(t, 200, me.status)
	assert.Equal(t, s.Username(), me.text("userPrincipalName"))
	assert.Equal(t, "Ada Lovelace", me.text("displayName"))
	assert.NotEmpty(t, me.header.Get("request-id"))

	assert.Equal(t, 204, call(t, s, token, "PATCH", "/me", `{"jobTitle":"Analyst"}`).status)
	assert.Equal(t, "Analyst", call(t, s, token, "GET", "/me", "").text("jobTitle"))
	assert.Equal(t, 400, call(t, s, token, "PATCH", "/me", `{"id":"x"}`).status)
	assert.Equal(t, 400, call(t, s, token, "PATCH", "/me", `nonsense`).status)

	users := call(t, s, token, "GET", "/users", "")
	assert.Len(t, users.json["value"], len(s.Users()))
	assert.Equal(t, "Grace Hopper", call(t, s, token, "GET", "/users/grace@contoso.test", "").text("displayName"))
	assert.Equal(t, 404, call(t, s, token, "GET", "/users/nobody", "").status)
	assert.Equal(t, 400, call(t, s, token, "GET", "/teapots", "").status)

	made := call(t, s, token, "POST", "/me/messages", `{"subject":"One"}`)
	require.Equal(t, 201, made.status)
	assert.NotEmpty(t, made.text("id"))
	assert.Equal(t, 202, call(t, s, token, "POST", "/me/sendMail", `{"message":{"subject":"Two"}}`).status)
	assert.Equal(t, 400, call(t, s, token, "POST", "/me/sendMail", `{}`).status)
	var mailbox struct{ Value []struct{ Subject string } }
	require.NoError(t, json.Unmarshal(call(t, s, token, "GET", "/me/messages", "").body, &mailbox))
	require.Len(t, mailbox.Value, 2)
	assert.Equal(t, "One", mailbox.Value[0].Subject)

	app := post(t, s, daemon(s, "")).token()
	assert.Equal(t, 200, call(t, s, app, "GET", "/users", "").status)
	assert.Equal(t, 200, call(t, s, app, "GET", "/me", "").status, "lenient: the application itself")
	assert.Equal(t, 201, call(t, s, app, "POST", "/me/messages", `{"subject":"Three"}`).status)
	assert.Equal(t, 202, call(t, s, app, "POST", "/users/"+s.Username()+"/sendMail", `{"message":{"subject":"Four"}}`).status)
	require.NoError(t, json.Unmarshal(call(t, s, app, "GET", "/users/"+s.Username()+"/messages", "").body, &mailbox))
	require.Len(t, mailbox.Value, 3)
	assert.Equal(t, "Four", mailbox.Value[2].Subject)
	assert.Equal(t, 404, call(t, s, app, "GET", "/users/nobody/messages", "").status)
}

// A test can tell whether a body arrived whole.
func TestBodiesAreRecorded(t *testing.T) {
	s := newServer(t)
	token := newNativeApp(t, s).signIn(cp1).token()
	file := make([]byte, 5<<20)
	rand.NewChaCha8([32]byte{}).Read(file)
	sum := sha256.Sum256(file)
	req := bearer(t, "PUT", s.API()+"/me/drive/root:/report.pdf:/content", token, bytes.NewReader(file))
	a := send(t, s.Client(), req)
	require.Equal(t, 201, a.status, "%s", a.body)
	assert.Equal(t, hex.EncodeToString(sum[:]), a.header.Get("X-Entratest-Sha256"))
	assert.Equal(t, "5242880", a.header.Get("X-Entratest-Length"))
	log := s.Requests(entratest.APIEndpoint)
	assert.EqualValues(t, len(file), log[len(log)-1].BodyLength)
	assert.Equal(t, hex.EncodeToString(sum[:]), log[len(log)-1].BodySHA256)

	large := call(t, s, token, "POST", "/me/messages", `{"body":"`+strings.Repeat("x", 4<<20)+`"}`)
	assert.Equal(t, http.StatusRequestEntityTooLarge, large.status)
}

// The refusal comes before the body has been sent, over both versions of HTTP.
func TestEarlyRefusal(t *testing.T) {
	s := newServer(t)
	token := post(t, s, daemon(s, cp1)).token()
	s.Revoke(s.ClientID())
	for version, client := range map[string]*http.Client{"HTTP/2.0": s.Client(), "HTTP/1.1": overHTTP1(t, s)} {
		body, writer := io.Pipe()
		resp, err := client.Do(bearer(t, "PUT", s.API()+"/me/drive/items/1/content", token, body))
		require.NoError(t, err)
		assert.Equal(t, 401, resp.StatusCode)
		assert.Equal(t, version, resp.Proto)
		writer.Close()
		resp.Body.Close()
	}
}

// Graph's header, to the byte.
func TestChallengeForm(t *testing.T) {
	s := newServer(t)
	token := post(t, s, daemon(s, cp1)).token()
	origin := strings.TrimSuffix(s.Authority(), "/"+s.Tenant())
	begin := `^Bearer realm="", authorization_uri="` + origin + `/common/oauth2/authorize", client_id="00000003-0000-0000-c000-000000000000"`

	none := get(t, s, s.API()+"/users")
	assert.Equal(t, 401, none.status)
	assert.Regexp(t, begin+`$`, none.header.Get("WWW-Authenticate"))
	assert.Contains(t, string(none.body), `"code":"InvalidAuthenticationToken"`)

	s.Revoke(s.ClientID())
	a := call(t, s, token, "GET", "/users", "")
	require.Len(t, a.header.Values("WWW-Authenticate"), 1)
	assert.Regexp(t, begin+`, error="insufficient_claims", claims="[A-Za-z0-9+/]+=*"$`, a.header.Get("WWW-Authenticate"))
	assert.Regexp(t, `^{"access_token":{"nbf":{"essential":true, "value":"\d{10}"}}}$`, challengeOf(t, a))
	var body struct {
		Error struct {
			Code, Message string
			InnerError    struct {
				Date      string
				RequestID string `json:"request-id"`
			}
		}
	}
	require.NoError(t, json.Unmarshal(a.body, &body))
	assert.Equal(t, "InvalidAuthenticationToken", body.Error.Code)
	assert.Equal(t, "Continuous access evaluation resulted in challenge with result: InteractionRequired and code: TokenIssuedBeforeRevocationTimestamp", body.Error.Message)
	assert.Equal(t, a.header.Get("request-id"), body.Error.InnerError.RequestID)

	claims, err := wwwauth.Claims(&http.Response{StatusCode: 401, Header: a.header})
	require.NoError(t, err)
	assert.Equal(t, challengeOf(t, a), claims, "our own reader understands it")

	s.MoveIP(s.ClientID(), "203.0.113.7")
	fresh := post(t, s, daemon(s, cp1)).token()
	assert.Equal(t, "203.0.113.7", payload(t, fresh)["ipaddr"])
	s.MoveIP(s.ClientID(), "203.0.113.8")
	assert.Regexp(t, `^{"access_token":{"nbf":{"essential":true,"value":"\d{10}"},"xms_rp_ipaddr":{"value":"203.0.113.8"}}}$`,
		challengeOf(t, call(t, s, fresh, "GET", "/users", "")))
	s.RequireAuthContext("c1", "c2")
	assert.Equal(t, `{"access_token":{"acrs":{"essential":true,"values":["c1","c2"]}}}`,
		challengeOf(t, call(t, s, post(t, s, daemon(s, cp1)).token(), "GET", "/users", "")))
}

func TestRefusedTokens(t *testing.T) {
	s, other := newServer(t), newServer(t)
	good := post(t, s, daemon(s, cp1)).token()
	parts := strings.Split(good, ".")
	form := daemon(s, cp1)
	form.Set("scope", "api://"+s.ClientID()+"/.default")
	for name, token := range map[string]string{
		"empty":             "",
		"not a JWT":         "opaque",
		"no signature":      parts[0] + "." + parts[1] + ".",
		"unsigned":          "eyJhbGciOiJub25lIn0." + parts[1] + ".",
		"changed":           parts[0] + "." + parts[1][:len(parts[1])-2] + "AA." + parts[2],
		"another server's":  post(t, other, daemon(other, cp1)).token(),
		"another API's":     post(t, s, form).token(),
		"enormous":          strings.Repeat("x", 70<<10),
		"not base64":        "!.!.!",
		"header not object": "bnVsbA." + parts[1] + "." + parts[2],
	} {
		a := call(t, s, token, "GET", "/users", "")
		assert.Equal(t, 401, a.status, name)
		assert.NotContains(t, a.header.Get("WWW-Authenticate"), "claims", name)
	}
	assert.Equal(t, 200, call(t, s, good, "GET", "/users", "").status)
	assert.Zero(t, s.Stats().Challenges)
}

// A client without cp1 is not challenged: its tokens are good until they expire.
func TestClientsWithoutCapability(t *testing.T) {
	s := newServer(t)
	app := newNativeApp(t, s)
	a := app.signIn("")
	s.Revoke(s.Username())
	assert.Equal(t, 200, call(t, s, a.token(), "GET", "/me", "").status)
	assert.Equal(t, 50173, app.refresh(a.text("refresh_token"), "").code())
}

// A production program's sign-in at Microsoft's hosts.
func TestSignInAtMicrosoftsHosts(t *testing.T) {
	s := newServer(t)
	app := newNativeApp(t, s)
	at := func(u string) string {
		return strings.Replace(u, s.Authority(), "https://login.microsoftonline.com/organizations", 1)
	}
	require.NoError(t, s.SignIn(at(app.authorizeURL("scope", "User.Read offline_access"))))
	resp, err := s.Client().PostForm(at(s.Authority()+"/oauth2/v2.0/token"), url.Values{
		"grant_type": {"authorization_code"}, "client_id": {s.PublicClientID()}, "code": {(<-app.answers).Get("code")},
		"redirect_uri": {app.redirect}, "code_verifier": {app.verifier}})
	require.NoError(t, err)
	defer resp.Body.Close()
	var a answer
	require.NoError(t, json.NewDecoder(resp.Body).Decode(&a.json))
	assert.Equal(t, "User.Read", a.text("scope"))
	assert.Equal(t, 200, send(t, s.Client(), bearer(t, "GET", "https://graph.microsoft.com/beta/me", a.token(), nil)).status)
}

// A storm of calls is answered, in which every token has been revoked.
func TestThousandsOfCalls(t *testing.T) {
	s := newServer(t)
	token := post(t, s, daemon(s, cp1)).token()
	require.Equal(t, 200, call(t, s, token, "GET", "/users", "").status)
	round := func(calls, want int) (as int64) {
		var wg sync.WaitGroup
		var count atomic.Int64
		for range calls {
			req := bearer(t, "GET", s.API()+"/users", token, nil)
			wg.Go(func() {
				resp, err := s.Client().Do(req)
				if err != nil {
					return
				}
				io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
				if resp.StatusCode == want {
					count.Add(1)
				}
			})
		}
		wg.Wait()
		return count.Load()
	}
	assert.EqualValues(t, 500, round(500, 200))
	s.Revoke(s.ClientID())
	assert.EqualValues(t, 5000, round(5000, 401))
	st := s.Stats()
	assert.Equal(t, 5501, st.APICalls)
	assert.Equal(t, 5000, st.Challenges)
}
