package entratest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/msalcae/msalcae/entratest/internal/webpage"
)

// A Browser is a person with a web browser, played by a program: it follows
// redirects, fills in the sign-in pages over real HTTP, and hands the answer to
// the client's redirect URI. It keeps cookies, so that a second sign-in needs
// no password. Make one with [Server.NewBrowser]; its methods may be called
// concurrently.
type Browser struct {
	// Username is who uses the browser. Set it before Open.
	Username string
	// Decline makes the person cancel instead of signing in. Set it before
	// Open.
	Decline bool

	s      *Server
	client *http.Client

	mu    sync.Mutex
	steps []string
}

// NewBrowser returns a browser without cookies, used by the user named.
func (s *Server) NewBrowser(username string) *Browser {
	jar, err := cookiejar.New(nil)
	must(err)
	transport := s.newTransport()
	transport.ForceAttemptHTTP2 = false
	transport.DisableKeepAlives = true // nothing stays open to hold up a client's listener
	return &Browser{Username: username, s: s, client: &http.Client{Transport: transport, Jar: jar}}
}

// SignIn opens url in a browser of its own, as the user of Username, and
// returns once the client's redirect URI has been given the answer. A url that
// redirects to the authorize endpoint will do. It passes a second factor and
// consents if the pages ask it to. The error tells what the pages or the
// answer said if the sign-in did not succeed.
func (s *Server) SignIn(url string) error { return s.SignInAs(url, username) }

// SignInAs is SignIn for another user.
func (s *Server) SignInAs(url, username string) error { return s.NewBrowser(username).Open(url) }

// Decline opens url in a browser of its own and cancels: the client is answered
// with access_denied. The error is nil if it was.
func (s *Server) Decline(url string) error {
	b := s.NewBrowser(username)
	b.Decline = true
	return b.Open(url)
}

// Steps returns what the person has done on sign-in pages so far: "signin" for
// a password, "account" for picking an account that needs none, "approve" for a
// second factor, "consent", "device" for a user code, "confirm" for its
// application, "cancel".
func (b *Browser) Steps() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.steps)
}

// How long a sign-in may take, and how many pages.
const (
	maxSignInTime  = time.Minute
	maxSignInPages = 20
)

// EnterCode opens the page for user codes at url, the verification URI of a
// device code (RFC 8628), enters the code, signs in as the user of Username and
// confirms: the device's next poll is given tokens. It is as SignIn otherwise.
func (s *Server) EnterCode(url, code string) error {
	return s.NewBrowser(username).EnterCode(url, code)
}

// Open is Server.SignIn with this browser.
func (b *Browser) Open(url string) error { return b.visit(url, "") }

// EnterCode is Server.EnterCode with this browser. If Decline is set, the
// device is told so, and the error is nil.
func (b *Browser) EnterCode(url, code string) error { return b.visit(url, code) }

// SignOut opens url, a logout URL, and what its page has applications told by,
// and goes on to where it leads. The error is nil if the person is signed out.
func (b *Browser) SignOut(url string) error {
	ctx, cancel := context.WithTimeout(b.s.ctx, maxSignInTime)
	defer cancel()
	page, err := b.get(ctx, url)
	if err != nil || !page.Entra {
		return err
	}
	if page.Texts["done"] == "" {
		return fmt.Errorf("entratest: signing out failed: %s", page.Problem())
	}
	for _, next := range append(page.Frames, page.Next) {
		if next == "" {
			continue
		}
		if _, err := b.get(ctx, next); err != nil {
			return err
		}
	}
	return nil
}

func (b *Browser) get(ctx context.Context, url string) (*webpage.Page, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, errors.New("entratest: a URL cannot be parsed")
	}
	return b.do(req)
}

// visit follows a sign-in from its first page to its end. code is for the page
// that asks for a user code.
func (b *Browser) visit(url, code string) error {
	ctx, cancel := context.WithTimeout(b.s.ctx, maxSignInTime)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return errors.New("entratest: the URL to sign in at cannot be parsed")
	}
	done := map[string]bool{} // forms that were submitted
	for range maxSignInPages {
		resp, err := b.do(req)
		if err != nil {
			return err
		}
		if !resp.Entra || resp.Answer.Has("code") || resp.Answer.Has("error") {
			return b.outcome(resp.Answer, resp)
		}
		if code != "" && resp.Form() == nil && done["device"] {
			return b.deviceOutcome(resp)
		}
		form, err := b.choose(resp, done, code)
		if err != nil {
			return err
		}
		done[form.ID] = true
		if form.ID == "form_post" {
			return b.post(ctx, form)
		}
		b.saw(form.ID)
		if req, err = form.Request(ctx, resp.URL); err != nil {
			return err
		}
	}
	return errors.New("entratest: the sign-in goes on and on")
}

func (b *Browser) saw(id string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.steps = append(b.steps, id)
}

// choose picks what the person does on a page. Codes and passwords are not
// tried twice.
func (b *Browser) choose(p *webpage.Page, done map[string]bool, code string) (*webpage.Form, error) {
	if f := p.Form("cancel"); f != nil && b.Decline {
		return f, nil
	}
	if f := p.Form("form_post", "approve", "confirm", "consent"); f != nil {
		return f, nil
	}
	for _, f := range p.Forms {
		if strings.HasPrefix(f.ID, "account") && strings.EqualFold(f.Fields.Get("login"), b.Username) {
			f.ID = "account" // one of several
			return f, nil
		}
	}
	f := p.Form("signin", "device")
	if f == nil || done[f.ID] || f.ID == "device" && code == "" {
		return nil, fmt.Errorf("entratest: sign-in failed: %s", p.Problem())
	}
	if f.ID == "device" {
		f.Fields.Set("otc", code)
		return f, nil
	}
	b.s.mu.Lock()
	user := b.s.user(b.Username)
	b.s.mu.Unlock()
	f.Fields.Set("login", b.Username)
	if user != nil {
		f.Fields.Set("passwd", user.Password)
	}
	return f, nil
}

// deviceOutcome judges the page on which a device's sign-in ended.
func (b *Browser) deviceOutcome(p *webpage.Page) error {
	switch {
	case p.Texts["done"] != "" && !b.Decline, b.Decline && strings.Contains(p.Problem(), "AADSTS65004"):
		return nil
	case b.Decline && p.Texts["done"] != "":
		return errors.New("entratest: the sign-in succeeded before anything could be declined")
	}
	return fmt.Errorf("entratest: sign-in failed: %s", p.Problem())
}

// post hands a form_post answer to the client.
func (b *Browser) post(ctx context.Context, f *webpage.Form) error {
	req, err := f.Request(ctx, nil)
	if err != nil {
		return err
	}
	resp, err := b.do(req)
	if err != nil {
		return err
	}
	return b.outcome(f.Fields, resp)
}

// outcome judges the answer that the client was given and its reply.
func (b *Browser) outcome(answer url.Values, reply *webpage.Page) error {
	code := answer.Get("error")
	switch {
	case b.Decline && code == "access_denied":
		return nil
	case code != "":
		return fmt.Errorf("entratest: sign-in ended with %s: %s", code, webpage.FirstLine(answer.Get("error_description")))
	case answer.Get("code") == "":
		return fmt.Errorf("entratest: the sign-in led to %s, which is neither a sign-in page nor the answer of one (status %d)", reply.URL.Host, reply.Status)
	case b.Decline:
		return errors.New("entratest: the sign-in succeeded before anything could be declined")
	case reply.Status >= 400:
		return fmt.Errorf("entratest: signed in, but the client's redirect URI answered with status %d", reply.Status)
	}
	return nil
}

// do sends a request and reads the page at the end of its redirects. The error
// does not show URLs: they hold codes.
func (b *Browser) do(req *http.Request) (*webpage.Page, error) {
	resp, err := b.client.Do(req)
	var urlErr *url.Error
	switch {
	case errors.As(err, &urlErr):
		u, parseErr := url.Parse(urlErr.URL)
		if parseErr != nil {
			u = req.URL
		}
		return nil, fmt.Errorf("entratest: the browser could not open %s://%s: %w", u.Scheme, u.Host, urlErr.Err)
	case err != nil:
		return nil, err
	}
	defer resp.Body.Close()
	return webpage.Read(resp, b.s.ownHost(resp.Request.URL.Host))
}
