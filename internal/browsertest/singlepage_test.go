package browsertest

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
	"github.com/msalcae/msalcae/entratest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A singlePage is the folder page in a browser, registered with the server.
type singlePage struct {
	t      *testing.T
	server *entratest.Server
	tab    context.Context
}

func newSinglePage(t *testing.T) *singlePage {
	t.Helper()
	const library = "page/node_modules/@azure/msal-browser/lib"
	if _, err := os.Stat(library); err != nil {
		t.Skip("needs the package of MSAL.js: npm ci in internal/browsertest/page")
	}
	s := entratest.NewServer()
	t.Cleanup(s.Close)
	mux := http.NewServeMux()
	page := httptest.NewServer(mux)
	t.Cleanup(page.Close)
	origin := strings.Replace(page.URL, "127.0.0.1", "localhost", 1)
	app := s.AddApp(entratest.App{Name: "a single page", SinglePageRedirectURIs: []string{origin + "/back.html"}})
	mux.Handle("/", http.FileServer(http.Dir("page")))
	mux.Handle("/msal/", http.StripPrefix("/msal/", http.FileServer(http.Dir(library))))
	mux.HandleFunc("/settings.json", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]string{"clientID": app.ClientID, "authority": s.Authority(), "api": s.API(),
			"userScope": strings.TrimSuffix(s.Scope(), "/.default") + "/User.Read"})
	})
	p := &singlePage{t, s, chromium(t)}
	do(t, p.tab, chromedp.Navigate(origin+"/index.html"))
	require.Equal(t, shown{}, p.state())
	return p
}

// shown is what the page says of itself.
type shown struct {
	SignedIn   string
	Status     int
	Challenged bool
	User       string
	Error      string
}

// state returns what the page shows once it has done its work. It may be left
// and come back meanwhile.
func (p *singlePage) state() shown {
	p.t.Helper()
	ctx, stop := context.WithTimeout(p.tab, patience)
	defer stop()
	for {
		text, err := chromedp.Run(ctx, chromedp.Evaluate[string](`document.getElementById("state")?.textContent ?? ""`))
		if err == nil && strings.HasPrefix(text, "{") {
			var state shown
			require.NoError(p.t, json.Unmarshal([]byte(text), &state))
			return state
		}
		if ctx.Err() != nil {
			p.t.Fatalf("the page shows %q: %v", text, err)
		}
		time.Sleep(20 * time.Millisecond) // a page tells nobody outside that it is done
	}
}

// click presses a button of the page; what it opens, if anything, is left to
// the person.
func (p *singlePage) click(id string) { do(p.t, p.tab, chromedp.Click(chromedp.CSS("#"+id))) }

// window presses a button that opens a window and returns that.
func (p *singlePage) window(id string) context.Context {
	p.t.Helper()
	opened := chromedp.WaitNewTarget(p.tab, func(i *target.Info) bool { return i.Type == "page" })
	p.click(id)
	select {
	case at := <-opened:
		tab, stop := chromedp.NewContext(p.tab, chromedp.WithTargetID(at))
		p.t.Cleanup(stop)
		require.NoError(p.t, chromedp.Do(tab)) // the tab lasts as long as the context of its first use
		return tab
	case <-time.After(patience):
		p.t.Fatalf("no window was opened: %+v", p.state())
		return nil
	}
}

// password signs the person in on Entra's page in a tab.
func (p *singlePage) password(tab context.Context) {
	p.t.Helper()
	arrive(p.t, tab, "#passwd")
	do(p.t, tab, chromedp.SetValue(chromedp.CSS("#login"), p.server.Username()),
		chromedp.SendKeys(chromedp.CSS("#passwd"), p.server.Password()+"\r"))
}

func TestSinglePageInAWindow(t *testing.T) {
	p := newSinglePage(t)
	p.password(p.window("popup"))
	require.Equal(t, shown{SignedIn: p.server.Username()}, p.state())
	p.click("call")
	require.Equal(t, shown{Status: 200, User: p.server.Username()}, p.state())

	p.server.ChangePolicy(p.server.Username())
	p.click("call")
	require.Equal(t, shown{Status: 200, Challenged: true, User: p.server.Username()}, p.state())
	p.requireAnswered("refresh_token") // silently

	p.server.RequireAuthContext("c1")
	window := p.window("call")
	p.requireAuthorize(window, "#approve")
	do(t, window, chromedp.Submit(chromedp.CSS("#approve")))
	require.Equal(t, shown{Status: 200, Challenged: true, User: p.server.Username()}, p.state())
	p.requireAnswered("refresh_token", "authorize", "authorization_code")

	p.server.RequireAuthContext()
	p.server.Revoke(p.server.Username())
	p.password(p.window("call"))
	require.Equal(t, shown{Status: 200, Challenged: true, User: p.server.Username()}, p.state())
	p.requireAnswered("refresh_token", "authorize none", "authorize", "authorization_code")
}

func TestSinglePageRedirected(t *testing.T) {
	p := newSinglePage(t)
	p.click("redirect")
	p.password(p.tab)
	require.Equal(t, shown{SignedIn: p.server.Username()}, p.state())
	p.click("call")
	require.Equal(t, shown{Status: 200, User: p.server.Username()}, p.state())

	p.server.Revoke(p.server.Username())
	p.click("call")
	p.requireAuthorize(p.tab, "#passwd")
	p.password(p.tab)
	require.Equal(t, shown{SignedIn: p.server.Username()}, p.state())
	p.requireAnswered("refresh_token", "authorize none", "authorize", "authorization_code")
	before := p.server.Stats()
	p.click("call")
	require.Equal(t, shown{Status: 200, User: p.server.Username()}, p.state())
	assert.Equal(t, 0, p.server.Stats().Sub(before).TokenRequests, "the sign-in has answered the challenge")

	p.server.RequireAuthContext("c1")
	p.click("call")
	arrive(t, p.tab, "#approve")
	do(t, p.tab, chromedp.Submit(chromedp.CSS("#approve")))
	require.Equal(t, shown{SignedIn: p.server.Username()}, p.state())
	p.requireAnswered("refresh_token", "authorize", "authorization_code")
	p.click("call")
	require.Equal(t, shown{Status: 200, User: p.server.Username()}, p.state())
}
