package browsertest

import (
	"flag"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	"github.com/chromedp/chromedp"
	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/entratest"
	"github.com/msalcae/msalcae/entratest/admin"
	"github.com/msalcae/msalcae/entratest/live"
	"github.com/msalcae/msalcae/tokensource"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the screenshot of the live page anew")

const screenshot = "../../docs/entratest-live.png"

// newLivePage serves the page as cmd/entratest does.
func newLivePage(t *testing.T, s *entratest.Server) (url string) {
	t.Helper()
	site := httptest.NewServer(liveSite(s))
	t.Cleanup(func() { quit(site) })
	return site.URL
}

func liveSite(s *entratest.Server) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/admin/", &admin.Handler{Server: s})
	mux.Handle("/", live.Handler())
	return mux
}

// quit ends a site and the pages' streams of events with it.
func quit(site *httptest.Server) {
	site.CloseClientConnections()
	site.Close()
}

// Watch a client heal.
func TestLivePage(t *testing.T) {
	s := entratest.NewServer()
	defer s.Close()
	secret, err := confidential.NewCredFromSecret(s.ClientSecret())
	require.NoError(t, err)
	daemon, err := tokensource.NewConfidential(tokensource.ConfidentialConfig{
		Authority: s.Authority(), ClientID: s.ClientID(), Credential: secret, HTTPClient: s.Client()})
	require.NoError(t, err)
	client := (&msalcae.Transport{Source: daemon.App(s.Scope()), Base: s.Client().Transport}).Client()
	get := func(path string) {
		t.Helper()
		resp, err := client.Get(s.API() + path)
		require.NoError(t, err)
		_, _ = io.Copy(io.Discard, resp.Body)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, 200, resp.StatusCode)
	}

	get("/users") // from before the page was opened
	tab := chromium(t)
	do(t, tab, chromedp.EmulateViewport(1280, 900), chromedp.Navigate(newLivePage(t, s)))
	until(t, tab, `document.getElementById("link").textContent.startsWith("Connected")`)
	column := func(n string) string {
		return read(t, tab, chromedp.Evaluate[string](`[...document.querySelectorAll("#requests tbody td:nth-child(`+n+`)")].map(c => c.textContent).join("|")`))
	}
	assert.True(t, strings.HasPrefix(column("4"), "200|200"), column("4"))
	before := strings.Count(column("4"), "|") + 1

	do(t, tab, chromedp.SetValue(chromedp.CSS("#subject"), `{"client":"`+s.ClientID()+`"}`),
		chromedp.Click(chromedp.CSS("[data-switch=revoke]")))
	until(t, tab, `document.getElementById("done").textContent === "Sessions revoked."`)
	get("/users")
	until(t, tab, `document.querySelectorAll("#requests tbody tr").length === `+strconv.Itoa(before+3))
	assert.True(t, strings.HasPrefix(column("4"), "200|200|401 challenged|200"), "the latest first: %s", column("4"))
	until(t, tab, `[...document.querySelectorAll("#tokens summary span")].map(s => s.textContent).join() === "accepted,refused"`)

	do(t, tab, chromedp.Click(chromedp.CSS("#tokens summary")))
	claims := read(t, tab, chromedp.Text(chromedp.CSS("#tokens details[open] pre")))
	assert.Contains(t, claims, `"cp1"`)
	assert.Empty(t, violations(t, tab))
	if *update {
		picture := read(t, tab, chromedp.CaptureScreenshot())
		require.NoError(t, os.WriteFile(screenshot, picture, 0o644))
	}

	do(t, tab, chromedp.Click(chromedp.CSS("[data-switch=require-auth-context]")))
	until(t, tab, `document.querySelector("[data-switch=require-auth-context]").getAttribute("aria-pressed") === "true"`)
	do(t, tab, chromedp.Click(chromedp.CSS("[data-switch=require-auth-context]")))
	until(t, tab, `document.getElementById("done").textContent === "The API requires c1 no more."`)
	get("/users")

	do(t, tab, chromedp.Click(chromedp.CSS("[data-switch=move-ip]")))
	until(t, tab, `document.getElementById("done").textContent === "Moved to another address."`)
	get("/me")
	until(t, tab, `document.querySelector("#requests").textContent.includes("xms_rp_ipaddr")`)

	do(t, tab, chromedp.Click(chromedp.CSS("[data-switch=fail]")), chromedp.Click(chromedp.CSS("[data-switch=change-policy]")))
	until(t, tab, `document.getElementById("done").textContent.startsWith("The policy has changed")`)
	get("/users") // throttled once on the way
	until(t, tab, `document.querySelector("#requests").textContent.includes("429 AADSTS90055")`)

	page := read(t, tab, chromedp.Evaluate[string](`document.documentElement.outerHTML`))
	for _, secret := range []string{s.ClientSecret(), s.Password(), "eyJ0eXAi"} {
		assert.NotContains(t, page, secret)
	}
	do(t, tab, chromedp.Click(chromedp.CSS("[data-switch=reset]")))
	until(t, tab, `document.querySelectorAll("#tokens li, #requests tbody tr").length === 0`)

	do(t, tab, chromedp.EmulateViewport(320, 640))
	assert.LessOrEqual(t, read(t, tab, chromedp.Evaluate[int](`document.documentElement.scrollWidth`)), 320, "at phone width")
}
