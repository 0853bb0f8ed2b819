package main

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	"github.com/msalcae/msalcae/entratest"
	"github.com/msalcae/msalcae/tokensource"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A browser with the app in it. Entra's pages it answers as the person would.
type browser struct {
	t      *testing.T
	client *http.Client
	person *entratest.Browser
	app    string
	landed chan *url.URL // the addresses at which Entra's pages ended
}

func start(t *testing.T) (*entratest.Server, *browser) {
	t.Helper()
	entra := entratest.NewServer()
	t.Cleanup(entra.Close)
	var handler http.Handler
	b := &browser{t: t, person: entra.NewBrowser(entra.Username()), landed: make(chan *url.URL, 1)}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := r.Cookie(cookieName); err != nil && r.URL.Path == "/signed-in" {
			b.landed <- r.URL // the person's browser, which has another cookie jar
			return
		}
		handler.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	entra.AddRedirectURI(server.URL + "/signed-in")
	secret, err := confidential.NewCredFromSecret(entra.ClientSecret())
	require.NoError(t, err)
	handler, err = newSite(tokensource.ConfidentialConfig{
		Authority: entra.Authority(), ClientID: entra.ClientID(), Credential: secret, HTTPClient: entra.Client(),
	}, server.URL, entra.API(), entra.Scope())
	require.NoError(t, err)
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	b.app = server.URL
	b.client = &http.Client{Jar: jar, CheckRedirect: func(req *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(req.URL.String(), entra.Authority()) {
			return http.ErrUseLastResponse
		}
		return nil
	}}
	return entra, b
}

// open opens a page of the app, signing in if it leads to Entra.
func (b *browser) open(path string) (status int, text string) {
	b.t.Helper()
	resp, err := b.client.Get(b.app + path)
	require.NoError(b.t, err)
	resp.Body.Close()
	if resp.StatusCode == http.StatusSeeOther {
		require.NoError(b.t, b.person.Open(resp.Header.Get("Location")))
		back := <-b.landed
		return b.open(back.String())
	}
	resp, err = b.client.Get(resp.Request.URL.String())
	require.NoError(b.t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(b.t, err)
	return resp.StatusCode, string(body)
}

func TestWebApp(t *testing.T) {
	entra, b := start(t)
	_, text := b.open("/")
	assert.Contains(t, text, "You are not signed in")
	status, text := b.open("/sign-in")
	require.Equal(t, 200, status)
	assert.Contains(t, text, entra.Username())

	entra.ChangePolicy(entra.Username())
	before := entra.Stats()
	_, text = b.open("/")
	assert.Contains(t, text, entra.Username())
	assert.Zero(t, entra.Stats().Sub(before).SignIns, "healed silently")

	entra.Revoke(entra.Username())
	_, text = b.open("/")
	assert.Contains(t, text, entra.Username())
	assert.Equal(t, 1, entra.Stats().Sub(before).SignIns, "one click, one sign-in, and back")

	entra.RequireAuthContext("c1")
	_, text = b.open("/")
	assert.Contains(t, text, entra.Username())
	assert.Contains(t, b.person.Steps(), "approve")

	form := regexp.MustCompile(`name="form" value="([^"]+)"`).FindStringSubmatch(text)
	require.NotNil(t, form)
	for _, value := range []string{"forged", form[1]} {
		resp, err := b.client.PostForm(b.app+"/sign-out", url.Values{"form": {value}})
		require.NoError(t, err)
		resp.Body.Close()
		_, text = b.open("/")
		assert.Equal(t, value == "forged", !strings.Contains(text, "You are not signed in"))
	}
}

// Another site cannot sign a browser in with an answer of its own.
func TestForeignAnswer(t *testing.T) {
	_, b := start(t)
	_, text := b.open("/sign-in")
	require.Contains(t, text, "<h1>")
	before, text := b.open("/signed-in?code=stolen&state=forged")
	assert.Equal(t, 200, before)
	assert.Contains(t, text, "<h1>", "still the person who signed in")
}

func TestUnreachableGraph(t *testing.T) {
	entra, b := start(t)
	b.open("/sign-in")
	entra.FailAPI(-1, entratest.Fault{Drop: true})
	status, text := b.open("/")
	assert.Equal(t, http.StatusBadGateway, status)
	assert.Equal(t, "That did not work. Try again in a while.\n", text)
}

// Whoever turns back at Entra is still signed in, with the page that they left:
// its form works, and none that they did not get.
func TestTurningBack(t *testing.T) {
	entra, b := start(t)
	_, text := b.open("/sign-in")
	form := regexp.MustCompile(`name="form" value="([^"]+)"`).FindStringSubmatch(text)
	require.NotNil(t, form)
	entra.Revoke(entra.Username())
	for _, path := range []string{"/", "/sign-in"} { // both lead to Entra
		resp, err := b.client.Get(b.app + path)
		require.NoError(t, err)
		resp.Body.Close()
		require.Equal(t, http.StatusSeeOther, resp.StatusCode)
	}
	for _, value := range []string{"", form[1]} {
		resp, err := b.client.PostForm(b.app+"/sign-out", url.Values{"form": {value}})
		require.NoError(t, err)
		resp.Body.Close()
		assert.Equal(t, value != "", b.cookie() == "", "signed out with %q", value)
	}
}

// cookie is that of the app; "": none.
func (b *browser) cookie() string {
	u, err := url.Parse(b.app)
	require.NoError(b.t, err)
	for _, c := range b.client.Jar.Cookies(u) {
		return c.Value
	}
	return ""
}

// A session that is gone and a person who will not sign in: that is said, and
// the browser is not sent to Entra again and again.
func TestDeclined(t *testing.T) {
	entra, b := start(t)
	b.open("/sign-in")
	entra.Revoke(entra.Username())
	b.person = entra.NewBrowser(entra.Username())
	b.person.Decline = true
	resp, err := b.client.Get(b.app + "/")
	require.NoError(t, err)
	resp.Body.Close()
	require.NoError(t, b.person.Open(resp.Header.Get("Location")))
	resp, err = b.client.Get(b.app + (<-b.landed).String())
	require.NoError(t, err)
	resp.Body.Close()
	assert.Equal(t, http.StatusForbidden, resp.StatusCode)
}
