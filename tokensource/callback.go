package tokensource

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/msalcae/msalcae"
)

// A callback is the server on this machine at which one sign-in begins and
// ends. Whatever else a browser, an extension or another page sends it, it
// answers and goes on waiting: only a POST with the right state counts.
type callback struct {
	redirect redirect
	state    string
	start    string // path of the page to open

	target  atomic.Pointer[string] // where that leads: Entra's authorize endpoint
	answers chan url.Values        // the first that has the right state
	opened  atomic.Bool            // the page to open was fetched
	taken   atomic.Bool
	decided chan struct{} // closed when outcome is set
	outcome page
	shown   chan struct{} // closed when the outcome was sent
	once    sync.Once

	server http.Server
	serves sync.WaitGroup
}

// maxForm bounds the form that Entra posts.
const maxForm = 256 << 10

func newCallback(r redirect) *callback {
	c := &callback{
		redirect: r,
		state:    rand.Text(),
		start:    "/" + strings.ToLower(rand.Text()[:16]),
		answers:  make(chan url.Values, 1),
		decided:  make(chan struct{}),
		shown:    make(chan struct{}),
	}
	c.server = http.Server{
		Handler:           c,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          log.New(io.Discard, "", 0),
	}
	c.server.SetKeepAlivesEnabled(false)
	return c
}

// lead sets where the page to open leads.
func (c *callback) lead(target string) { c.target.Store(&target) }

func (c *callback) serve(listeners []net.Listener) {
	for _, l := range listeners {
		c.serves.Go(func() { _ = c.server.Serve(l) })
	}
}

// close ends the server and its goroutines, but for those that a client holds
// up for another moment.
func (c *callback) close() {
	_ = c.server.Close()
	c.serves.Wait()
}

// show tells the person how it went, as soon as the browser takes it.
func (c *callback) show(ctx context.Context, p page) {
	c.outcome = p
	close(c.decided)
	if !c.taken.Load() {
		return
	}
	limit := 2 * time.Second
	if ctx.Err() != nil {
		limit = 100 * time.Millisecond
	}
	t := time.NewTimer(limit)
	defer t.Stop()
	select {
	case <-c.shown:
	case <-t.C:
	}
}

// ServeHTTP implements http.Handler.
func (c *callback) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	path := c.redirect.path
	if path == "" {
		path = "/"
	}
	get := r.Method == http.MethodGet || r.Method == http.MethodHead
	switch {
	case !c.ours(r.Host):
		// Another name that leads here: DNS rebinding.
		h.Set("Connection", "close")
		http.Error(w, "unknown host", http.StatusMisdirectedRequest)
	case get && r.URL.Path == c.start && c.target.Load() != nil:
		c.opened.Store(true)
		http.Redirect(w, r, *c.target.Load(), http.StatusFound)
	case r.Method == http.MethodOptions:
		c.preflight(w, r)
	case r.URL.Path != path:
		pageElsewhere.serve(w)
	case r.Method == http.MethodPost:
		c.answer(w, r)
	default:
		h.Set("Allow", http.MethodPost)
		pageNotPosted.serve(w)
	}
}

func (c *callback) ours(host string) bool {
	name, port, err := net.SplitHostPort(host)
	return err == nil && port == strconv.Itoa(c.redirect.port) && (name == "localhost" || name == "127.0.0.1" || name == "::1")
}

// preflight lets Entra's page, and no other, post here from the public network
// (Private Network Access).
func (c *callback) preflight(w http.ResponseWriter, r *http.Request) {
	u := &url.URL{}
	if target := c.target.Load(); target != nil {
		u, _ = url.Parse(*target)
	}
	if origin := r.Header.Get("Origin"); u.Host != "" && origin == u.Scheme+"://"+u.Host {
		w.Header().Set("Access-Control-Allow-Origin", origin)
		w.Header().Set("Access-Control-Allow-Methods", http.MethodPost)
		w.Header().Set("Access-Control-Allow-Private-Network", "true")
		w.Header().Set("Vary", "Origin")
	}
	w.WriteHeader(http.StatusNoContent)
}

// answer takes Entra's answer, success or not, if its state is ours, and keeps
// the browser waiting for what comes of it.
func (c *callback) answer(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if r.ParseForm() != nil || subtle.ConstantTimeCompare([]byte(r.PostForm.Get("state")), []byte(c.state)) != 1 {
		pageOtherSignIn.serve(w)
		return
	}
	if c.taken.CompareAndSwap(false, true) {
		c.answers <- r.PostForm
	}
	select {
	case <-c.decided:
		c.outcome.serve(w)
		_ = http.NewResponseController(w).Flush()
		c.once.Do(func() { close(c.shown) })
	case <-r.Context().Done():
	}
}

// codeOf reads an authorize response (RFC 6749 sections 4.1.2 and 4.1.2.1).
func codeOf(form url.Values) (string, error) {
	code := form.Get("code")
	switch {
	case form.Has("error"):
		return "", refused(form)
	case code == "":
		return "", &msalcae.Error{Err: errors.New("the sign-in page sent neither a code nor an error")}
	}
	return code, nil
}

var correlation = regexp.MustCompile(`Correlation ID: ([0-9a-fA-F-]{36})`)

// refused describes an error of the authorize endpoint. Its description may
// name people and is left out, but for Entra's code and correlation id.
func refused(form url.Values) error {
	description := form.Get("error_description")
	e := &msalcae.Error{
		Code:   word(form.Get("error")),
		AADSTS: codesIn(description),
	}
	if m := correlation.FindStringSubmatch(description); m != nil {
		e.CorrelationID = m[1]
	}
	switch {
	case e.Code == "access_denied" || form.Get("error_subcode") == "cancel":
		e.Err = ErrDeclined
	case misconfigured(e.Code):
		e.Err = fmt.Errorf("%w: %s", msalcae.ErrMisconfigured, advice(e.Code))
	case e.Code == "":
		e.Err = errors.New("the sign-in page sent an error that cannot be read")
	}
	return e
}
