package browsertest

import (
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/msalcae/msalcae/entratest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Names and paths are text on the page, whatever they look like.
func TestLivePageShowsTextOnly(t *testing.T) {
	const markup = `<img src=x onerror="document.title='run'"><script>document.title='run'</script>`
	s := entratest.NewServer()
	defer s.Close()
	s.AddUser(entratest.User{Username: "mallory@contoso.test", Name: markup})
	s.AddApp(entratest.App{Name: markup})
	resp, err := s.Client().Get(s.API() + "/me/%3Cimg%20src=x%20onerror=%22document.title='run'%22%3E")
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())

	tab := chromium(t)
	do(t, tab, chromedp.Navigate(newLivePage(t, s)))
	until(t, tab, `document.getElementById("link").textContent.startsWith("Connected")`)
	assert.Contains(t, read(t, tab, chromedp.Evaluate[string](`document.getElementById("users").textContent`)), markup)
	assert.Contains(t, read(t, tab, chromedp.Evaluate[string](`document.getElementById("requests").textContent`)), "<img src=x")
	assert.Equal(t, 0, read(t, tab, chromedp.Evaluate[int](`document.querySelectorAll("main img, main script").length`)))
	assert.Equal(t, "entratest", read(t, tab, chromedp.Evaluate[string](`document.title`)))
}

// The page finds its way back to a program that was started anew, and shows
// what that one has seen, not what the other had.
func TestLivePageConnectsAgain(t *testing.T) {
	first := entratest.NewServer()
	defer first.Close()
	site := httptest.NewServer(liveSite(first))
	at := site.Listener.Addr().String()
	resp, err := first.Client().Get(first.API() + "/me/first")
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	tab := chromium(t)
	do(t, tab, chromedp.Navigate(site.URL))
	until(t, tab, `document.querySelector("#requests tbody")?.textContent.includes("/me/first")`)
	quit(site)
	until(t, tab, `document.getElementById("link").textContent.startsWith("Not connected")`)

	second := entratest.NewServer()
	defer second.Close()
	listener, err := net.Listen("tcp", at)
	require.NoError(t, err)
	again := &httptest.Server{Listener: listener, Config: &http.Server{Handler: liveSite(second)}}
	again.Start()
	defer quit(again)
	until(t, tab, `document.getElementById("link").textContent.startsWith("Connected")`)
	assert.NotContains(t, read(t, tab, chromedp.Evaluate[string](`document.querySelector("#requests tbody").textContent`)), "/me/first")
	resp, err = second.Client().Get(second.API() + "/me/second")
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	until(t, tab, `document.querySelector("#requests tbody").textContent.includes("/me/second")`)
}

// What the button for c1 says is what the server demands, whoever demanded it:
// after the page was loaded again, and when another program changed it.
func TestLivePageKnowsWhatIsDemanded(t *testing.T) {
	s := entratest.NewServer()
	defer s.Close()
	tab := chromium(t)
	page := newLivePage(t, s)
	pressed := func(want string) string {
		return `document.querySelector("[data-switch=require-auth-context]")?.getAttribute("aria-pressed") === "` + want + `" &&
			document.getElementById("link").textContent.startsWith("Connected")`
	}
	do(t, tab, chromedp.Navigate(page))
	until(t, tab, pressed("false"))
	do(t, tab, chromedp.Click(chromedp.CSS("[data-switch=require-auth-context]")))
	until(t, tab, pressed("true"))
	do(t, tab, chromedp.Reload())
	until(t, tab, pressed("true"))
	do(t, tab, chromedp.Click(chromedp.CSS("[data-switch=require-auth-context]")))
	until(t, tab, `document.getElementById("done").textContent === "The API requires c1 no more."`)
	assert.Empty(t, s.RequiredAuthContexts())

	s.RequireAuthContext("c2", "c1")
	s.RequireAuthContextAt("/me/messages", "c3")
	resp, err := s.Client().Get(s.API() + "/me")
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	until(t, tab, pressed("true"))
}
