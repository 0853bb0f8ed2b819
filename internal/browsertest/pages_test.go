package browsertest

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/msalcae/msalcae/entratest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A reader is somebody at a phone's width without a mouse, whose browser runs
// no scripts.
type reader struct {
	t    *testing.T
	s    *entratest.Server
	tab  context.Context
	back chan url.Values // what the client is answered
	to   string          // the client's redirect URI
}

func newReader(t *testing.T) *reader {
	t.Helper()
	r := &reader{t: t, s: newEntra(t), back: make(chan url.Values, 1)}
	client := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.Method == http.MethodPost && req.ParseForm() == nil {
			r.back <- req.PostForm
			io.WriteString(w, "<!DOCTYPE html><h1>Back</h1>")
		}
	}))
	t.Cleanup(client.Close)
	r.to = strings.Replace(client.URL, "127.0.0.1", "localhost", 1)
	r.tab = chromium(t)
	do(t, r.tab, chromedp.EmulateViewport(320, 640), scripts(false))
	return r
}

// scripts lets pages run scripts, or not.
func scripts(on bool) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !on})
		return err
	})
}

// authorize opens the authorize endpoint.
func (r *reader) authorize(more ...string) {
	r.t.Helper()
	q := url.Values{"client_id": {r.s.PublicClientID()}, "response_type": {"code"}, "response_mode": {"form_post"},
		"redirect_uri": {r.to}, "scope": {r.s.Scope() + " openid"}, "state": {"s"}}
	for i := 0; i < len(more); i += 2 {
		q.Set(more[i], more[i+1])
	}
	do(r.t, r.tab, chromedp.Navigate(r.s.Authority()+"/oauth2/v2.0/authorize?"+q.Encode()))
}

// answer returns what the client is answered, once the browser has come to rest
// there: it would take the next page for one that came in between.
func (r *reader) answer() url.Values {
	r.t.Helper()
	answer := <-r.back
	until(r.t, r.tab, `document.readyState === "complete" && location.origin === `+quoted(r.to))
	return answer
}

// page waits for a page by its heading, and looks at what every page owes.
func (r *reader) page(heading string) {
	r.t.Helper()
	until(r.t, r.tab, `document.readyState === "complete" && document.querySelector("h1")?.textContent === `+quoted(heading))
	width := read(r.t, r.tab, chromedp.Evaluate[int](`document.documentElement.scrollWidth`))
	assert.LessOrEqual(r.t, width, 320, "%s: no scrolling to the side", heading)
	assert.Empty(r.t, r.violations(), heading)
}

// violations turns scripts on for axe, which needs timers; the page's own have
// had their chance.
func (r *reader) violations() []string {
	r.t.Helper()
	do(r.t, r.tab, scripts(true))
	defer do(r.t, r.tab, scripts(false))
	return violations(r.t, r.tab)
}

// goTo presses the tabulator until the element has the focus.
func (r *reader) goTo(selector string) {
	r.t.Helper()
	for range 20 {
		do(r.t, r.tab, chromedp.KeyEvent("\t"))
		if read(r.t, r.tab, chromedp.Evaluate[bool](`document.activeElement.matches(`+quoted(selector)+`)`)) {
			return
		}
	}
	r.t.Fatalf("the keyboard does not reach %s", selector)
}

func (r *reader) press(selector string) {
	r.t.Helper()
	r.goTo(selector)
	do(r.t, r.tab, chromedp.KeyEvent("\r"))
}

func (r *reader) write(selector, text string) {
	r.t.Helper()
	r.goTo(selector)
	do(r.t, r.tab, chromedp.KeyEvent(text))
}

func (r *reader) text(selector string) string {
	r.t.Helper()
	return read(r.t, r.tab, chromedp.Text(chromedp.CSS(selector)))
}

func TestPagesByKeyboardOnAPhoneWithoutScript(t *testing.T) {
	r := newReader(t)
	r.s.RequireAuthContext("c1")
	r.authorize("prompt", "consent", "claims", `{"access_token":{"acrs":{"essential":true,"value":"c1"}}}`)
	r.page("Sign in")
	assert.Contains(t, r.text("#why"), "context c1")

	r.write("#login", r.s.Username())
	r.write("#passwd", "wrong\r")
	arrive(t, r.tab, "#error")
	r.page("Sign in")
	assert.Equal(t, "error", read(t, r.tab, chromedp.Evaluate[string](`document.querySelector("#passwd").getAttribute("aria-describedby")`)))

	r.write("#login", r.s.Username())
	r.write("#passwd", r.s.Password()+"\r")
	r.page("Approve sign in request")
	assert.Contains(t, r.text("#why"), "context c1")
	r.press("#approve button")
	r.page("Permissions requested")
	assert.Contains(t, r.text("#why"), "context c1")
	r.press("#consent button")
	r.page("Working...")
	r.press("#form_post input[type=submit]")
	assert.NotEmpty(t, r.answer().Get("code"))

	r.authorize("prompt", "select_account")
	r.page("Sign in")
	r.press("#account button")
	r.page("Working...")

	r.authorize("prompt", "login")
	r.page("Sign in")
	r.press("#cancel button")
	r.page("Working...")
	r.press("#form_post input[type=submit]")
	assert.Equal(t, "access_denied", r.answer().Get("error"))

	r.authorize("redirect_uri", "https://elsewhere.test/")
	r.page("Sorry, but we’re having trouble signing you in")
}

func TestDevicePageByKeyboardOnAPhoneWithoutScript(t *testing.T) {
	r := newReader(t)
	resp, err := r.s.Client().PostForm(r.s.Authority()+"/oauth2/v2.0/devicecode", url.Values{
		"client_id": {r.s.PublicClientID()}, "scope": {r.s.Scope()}, "claims": {`{"access_token":{"nbf":{"essential":true,"value":"1"}}}`}})
	require.NoError(t, err)
	defer resp.Body.Close()
	var code struct {
		UserCode        string `json:"user_code"`
		VerificationURI string `json:"verification_uri"`
	}
	require.NoError(t, json.NewDecoder(resp.Body).Decode(&code))

	do(t, r.tab, chromedp.Navigate(code.VerificationURI))
	r.page("Enter code")
	r.write("#otc", "WRONG\r")
	arrive(t, r.tab, "#error")
	r.page("Enter code")
	r.write("#otc", code.UserCode+"\r")
	r.page("Sign in")
	assert.Contains(t, r.text("#why"), "revoked")
	r.write("#login", r.s.Username())
	r.write("#passwd", r.s.Password()+"\r")
	r.page("Are you trying to sign in?")
	r.press("#confirm button")
	r.page("You have signed in")
	assert.Equal(t, 1, r.s.Stats().SignIns)
}
