package entratest_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/msalcae/msalcae/entratest"
	"github.com/stretchr/testify/require"
)

// cp1 is the claims parameter of a client that can answer challenges.
const cp1 = `{"access_token":{"xms_cc":{"values":["cp1"]}}}`

func newServer(t testing.TB) *entratest.Server {
	t.Helper()
	s := entratest.NewServer()
	t.Cleanup(s.Close)
	return s
}

// An answer is what an endpoint said.
type answer struct {
	status int
	header http.Header
	body   []byte
	json   map[string]any
}

func (a answer) text(name string) string {
	s, _ := a.json[name].(string)
	return s
}

func (a answer) code() int {
	codes, _ := a.json["error_codes"].([]any)
	if len(codes) == 0 {
		return 0
	}
	n, _ := codes[0].(float64)
	return int(n)
}

func (a answer) token() string { return a.text("access_token") }

func send(t testing.TB, c *http.Client, req *http.Request) answer {
	t.Helper()
	resp, err := c.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return readAnswer(resp, body)
}

func readAnswer(resp *http.Response, body []byte) answer {
	a := answer{status: resp.StatusCode, header: resp.Header, body: body}
	json.Unmarshal(body, &a.json)
	return a
}

func get(t testing.TB, s *entratest.Server, url string) answer {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, url, nil)
	require.NoError(t, err)
	return send(t, s.Client(), req)
}

// post asks the token endpoint.
func post(t testing.TB, s *entratest.Server, form url.Values) answer {
	t.Helper()
	return postAt(t, s, s.Tenant(), form)
}

// postAt asks that of a tenant.
func postAt(t testing.TB, s *entratest.Server, tenant string, form url.Values) answer {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, s.AuthorityFor(tenant)+"/oauth2/v2.0/token", strings.NewReader(form.Encode()))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return send(t, s.Client(), req)
}

func decode(t testing.TB, text string) []byte {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(text)
	require.NoError(t, err)
	return b
}

// call asks the API.
func call(t testing.TB, s *entratest.Server, token, method, path, body string) answer {
	t.Helper()
	return send(t, s.Client(), bearer(t, method, s.API()+path, token, strings.NewReader(body)))
}

// bearer makes a request with a token.
func bearer(t testing.TB, method, url, token string, body io.Reader) *http.Request {
	t.Helper()
	req, err := http.NewRequest(method, url, body)
	require.NoError(t, err)
	req.Header.Set("Authorization", "Bearer "+token)
	return req
}

// daemon returns the form of a request for an application's own token.
func daemon(s *entratest.Server, claims string) url.Values {
	return url.Values{
		"grant_type": {"client_credentials"}, "client_id": {s.ClientID()}, "client_secret": {s.ClientSecret()},
		"scope": {s.Scope() + " openid offline_access profile"}, "claims": {claims},
	}
}

// with changes a form: pairs of a parameter and its value, "" removing it.
func with(form url.Values, changes ...string) url.Values {
	for i := 0; i < len(changes); i += 2 {
		form.Set(changes[i], changes[i+1])
		if changes[i+1] == "" {
			form.Del(changes[i])
		}
	}
	return form
}

// payload decodes a JWT without checking it.
func payload(t testing.TB, token string) map[string]any {
	t.Helper()
	parts := strings.Split(token, ".")
	require.Len(t, parts, 3)
	b, err := base64.RawURLEncoding.DecodeString(parts[1])
	require.NoError(t, err)
	var claims map[string]any
	require.NoError(t, json.Unmarshal(b, &claims))
	return claims
}

// challengeOf decodes the claims of a challenge.
func challengeOf(t testing.TB, a answer) string {
	t.Helper()
	_, rest, ok := strings.Cut(a.header.Get("WWW-Authenticate"), `error="insufficient_claims", claims="`)
	require.True(t, ok, "no claims challenge in %q", a.header.Get("WWW-Authenticate"))
	b, err := base64.StdEncoding.DecodeString(strings.TrimSuffix(rest, `"`))
	require.NoError(t, err)
	return string(b)
}

// merge joins a challenge's claims with capability cp1, as MSAL does.
func merge(t testing.TB, challenge string) string {
	t.Helper()
	var c map[string]map[string]any
	require.NoError(t, json.Unmarshal([]byte(challenge), &c))
	c["access_token"]["xms_cc"] = map[string]any{"values": []string{"cp1"}}
	b, err := json.Marshal(c)
	require.NoError(t, err)
	return string(b)
}

// A nativeApp is a public client with a loopback listener, made of net/http
// alone.
type nativeApp struct {
	t        testing.TB
	s        *entratest.Server
	listener *httptest.Server
	answers  chan url.Values
	redirect string
	verifier string
}

func newNativeApp(t testing.TB, s *entratest.Server) *nativeApp {
	app := &nativeApp{t: t, s: s, answers: make(chan url.Values, 100), verifier: strings.Repeat("v", 43)}
	app.listener = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		r.ParseForm()
		app.answers <- r.Form
	}))
	t.Cleanup(app.listener.Close)
	app.redirect = strings.Replace(app.listener.URL, "127.0.0.1", "localhost", 1)
	return app
}

// authorizeURL is MSAL Go's, with changes: pairs of a parameter and its value,
// "" removing it.
func (app *nativeApp) authorizeURL(changes ...string) string {
	sum := sha256.Sum256([]byte(app.verifier))
	q := url.Values{
		"client_id": {app.s.PublicClientID()}, "response_type": {"code"}, "redirect_uri": {app.redirect},
		"scope": {app.s.Scope() + " openid offline_access profile"}, "state": {"the-state"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
		"response_mode": {"form_post"}, "prompt": {"select_account"}, "claims": {cp1},
	}
	return app.s.Authority() + "/oauth2/v2.0/authorize?" + with(q, changes...).Encode()
}

// redeem exchanges a code.
func (app *nativeApp) redeem(code, claims string) answer {
	return post(app.t, app.s, url.Values{
		"grant_type": {"authorization_code"}, "client_id": {app.s.PublicClientID()}, "code": {code},
		"redirect_uri": {app.redirect}, "code_verifier": {app.verifier}, "client_info": {"1"},
		"scope": {app.s.Scope() + " openid offline_access profile"}, "claims": {claims},
	})
}

// signIn signs in with the claims, and redeems the code.
func (app *nativeApp) signIn(claims string) answer {
	app.t.Helper()
	require.NoError(app.t, app.s.SignIn(app.authorizeURL("claims", claims)))
	back := <-app.answers
	require.Equal(app.t, "the-state", back.Get("state"))
	return app.redeem(back.Get("code"), claims)
}

// refresh redeems a refresh token.
func (app *nativeApp) refresh(token, claims string) answer {
	return post(app.t, app.s, url.Values{
		"grant_type": {"refresh_token"}, "client_id": {app.s.PublicClientID()}, "refresh_token": {token},
		"client_info": {"1"}, "scope": {app.s.Scope() + " openid offline_access profile"}, "claims": {claims},
	})
}

// newRedirector returns a short URL that leads to another.
func newRedirector(t testing.TB, to string) string {
	r := httptest.NewServer(http.RedirectHandler(to, http.StatusFound))
	t.Cleanup(r.Close)
	return r.URL
}

func portOf(t testing.TB, rawURL string) int {
	t.Helper()
	u, err := url.Parse(rawURL)
	require.NoError(t, err)
	port, err := strconv.Atoi(u.Port())
	require.NoError(t, err)
	return port
}
