package entratest_test

import (
	"encoding/json"
	"flag"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/msalcae/msalcae/entratest"
	"github.com/msalcae/msalcae/entratest/admin"
)

var update = flag.Bool("update", false, "write the captured conversations of testdata anew")

// A scene is one switch's conversation, which is captured in
// testdata/conversations for people to read, and held to that.
type scene struct {
	file  string
	about string // for who reads it
	play  func(c *conversation)
}

func TestConversations(t *testing.T) {
	files, err := filepath.Glob("testdata/conversations/*.txt")
	require.NoError(t, err)
	captured := map[string]bool{}
	for _, f := range files {
		captured[strings.TrimSuffix(filepath.Base(f), ".txt")] = true
	}
	for _, sc := range slices.Concat(scenes, identityScenes) {
		delete(captured, sc.file)
		t.Run(sc.file, func(t *testing.T) { sc.run(t, entratest.NewServer) })
	}
	for _, sc := range slices.Concat(scenesOnAClock, identityScenesOnAClock) {
		delete(captured, sc.file)
		t.Run(sc.file, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { sc.run(t, entratest.NewMemoryServer) })
		})
	}
	assert.Empty(t, captured, "captured, and played no more")
}

// Every switch is thrown in a conversation.
func TestConversationsShowEverySwitch(t *testing.T) {
	s := newServer(t)
	status, list := askAdmin(&admin.Handler{Server: s}, http.MethodGet, "", "")
	require.Equal(t, 200, status)
	files, err := filepath.Glob("testdata/conversations/*.txt")
	require.NoError(t, err)
	var captured strings.Builder
	for _, f := range files {
		text, err := os.ReadFile(f)
		require.NoError(t, err)
		captured.Write(text)
	}
	for _, e := range list["endpoints"].([]any) {
		path := e.(map[string]any)["path"].(string)
		if strings.HasPrefix(path, "POST ") && path != "POST /admin/config" {
			assert.Contains(t, captured.String(), path+" ")
		}
	}
}

// askAdmin asks an admin endpoint.
func askAdmin(h http.Handler, method, name, body string) (int, map[string]any) {
	r := httptest.NewRequest(method, "http://127.0.0.1/admin/"+name, strings.NewReader(body))
	r.RemoteAddr = "127.0.0.1:1"
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	var answer map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
		panic(err)
	}
	return w.Code, answer
}

func (sc scene) run(t *testing.T, start func() *entratest.Server) {
	s := start()
	defer s.Close()
	c := newConversation(t, s)
	c.write("%s\n", sc.about)
	sc.play(c)
	got := c.text()
	file := filepath.Join("testdata", "conversations", sc.file+".txt")
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o777))
		require.NoError(t, os.WriteFile(file, []byte(got), 0o666))
		return
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err, "go test ./entratest -run Conversations -update captures it")
	assert.Equal(t, string(want), got, "if the change is meant: go test ./entratest -run Conversations -update")
}

// A conversation is what a client, a person and an administrator do, written
// down as it goes.
type conversation struct {
	t       *testing.T
	s       *entratest.Server
	app     *nativeApp
	browser *entratest.Browser
	admin   http.Handler
	client  *http.Client
	id      url.Values // of the client at the token endpoint
	tenant  string     // whose token endpoint the client asks

	script strings.Builder
	masks  []mask
	count  map[string]int
}

func newConversation(t *testing.T, s *entratest.Server) *conversation {
	c := &conversation{t: t, s: s, browser: s.NewBrowser(s.Username()), admin: &admin.Handler{Server: s}, tenant: s.Tenant(), count: map[string]int{}}
	c.client = &http.Client{Transport: &scribe{c, s.Client().Transport}}
	c.id = url.Values{"client_id": {s.PublicClientID()}}
	c.mask(strings.TrimPrefix(strings.TrimSuffix(s.API(), "/v1.0"), "https://"), "<api>")
	host, _, _ := strings.Cut(strings.TrimPrefix(s.Authority(), "https://"), "/")
	c.mask(host, "<authority>")
	c.mask(strings.TrimPrefix(s.IMDS(), "http://"), "<machine>")
	return c
}

// throw posts to an admin endpoint.
func (c *conversation) throw(name, body string) map[string]any {
	c.t.Helper()
	c.write("\n-- the test throws a switch: POST /admin/%s %s\n", name, c.masked(body))
	status, answer := askAdmin(c.admin, http.MethodPost, name, body)
	require.Equal(c.t, 200, status, "%v", answer)
	return answer
}

// call calls the API.
func (c *conversation) call(token string, path ...string) answer {
	c.t.Helper()
	at := "/me"
	if len(path) > 0 {
		at = path[0]
	}
	c.write("\n-- the client calls the API\n")
	return c.send(bearer(c.t, http.MethodGet, c.s.API()+at, token, nil))
}

// token asks the token endpoint.
func (c *conversation) token(why string, form url.Values) answer {
	c.t.Helper()
	for name, values := range c.id {
		form[name] = values
	}
	c.write("\n-- %s\n", why)
	req, err := http.NewRequest(http.MethodPost, c.s.AuthorityFor(c.tenant)+"/oauth2/v2.0/token", strings.NewReader(form.Encode()))
	require.NoError(c.t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return c.send(req)
}

// send returns a zero answer if there was none.
func (c *conversation) send(req *http.Request) answer {
	c.t.Helper()
	resp, err := c.client.Do(req)
	if err != nil {
		return answer{}
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return answer{}
	}
	return readAnswer(resp, body)
}

// refresh redeems a refresh token.
func (c *conversation) refresh(token, claims string) answer {
	c.t.Helper()
	return c.token("the client redeems its refresh token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token},
		"scope": {c.s.Scope() + " openid offline_access profile"}, "claims": {claims}})
}

// daemon asks for an application's own token.
func (c *conversation) daemon(claims string) answer {
	c.t.Helper()
	c.id = url.Values{"client_id": {c.s.ClientID()}, "client_secret": {c.s.ClientSecret()}}
	return c.token("the daemon asks for a token", url.Values{"grant_type": {"client_credentials"}, "scope": {c.s.Scope()}, "claims": {claims}})
}

// signIn sends the person to the authorize endpoint, and redeems the code; nil:
// there was none.
func (c *conversation) signIn(claims string) *answer {
	c.t.Helper()
	if c.app == nil {
		c.app = newNativeApp(c.t, c.s)
		c.s.AddRedirectURI(c.app.redirect)
	}
	steps, seen := len(c.browser.Steps()), len(c.s.Log())
	c.write("\n-- the client opens a browser with the claims %s\n", c.masked(claims))
	err := c.browser.Open(c.app.authorizeURL("claims", claims, "prompt", "", "login_hint", c.s.Username(), "client_id", c.id.Get("client_id")))
	for _, r := range c.s.Log()[seen:] {
		c.write("%s %s   %d%s\n", r.Method, strings.ReplaceAll(r.Path, c.s.Tenant(), "<tenant>"), r.Status, onPage(r))
	}
	for _, step := range c.browser.Steps()[steps:] {
		c.write("   %s: %s\n", c.s.Username(), doing[step])
	}
	if err != nil {
		c.write("   %s\n", c.masked(err.Error()))
		if len(c.app.answers) > 0 {
			<-c.app.answers
		}
		return nil
	}
	code := (<-c.app.answers).Get("code")
	c.name("code", code)
	a := c.token("the client redeems the code", url.Values{"grant_type": {"authorization_code"}, "code": {code},
		"redirect_uri": {c.app.redirect}, "code_verifier": {c.app.verifier}, "claims": {claims}})
	return &a
}

var doing = map[string]string{"signin": "enters the password", "account": "picks the account", "approve": "approves a second factor",
	"consent": "consents", "confirm": "confirms", "cancel": "cancels"}

func onPage(r entratest.Request) string {
	if r.AADSTS == 0 {
		return ""
	}
	return "   " + r.Error + ", see below"
}
