// Package loopback is the end of a sign-in on this machine: the server at which
// it begins and ends, the pages that it shows, and the command that opens a
// browser (RFC 8252 sections 7.3 and 8.3). It knows nothing of tokens.
package loopback

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// A Server is the server on this machine at which one sign-in begins and
// ends. Whatever else a browser, an extension or another page sends it, it
// answers and goes on waiting: only a POST with the right state counts.
type Server struct {
	redirect Redirect
	state    string
	start    string // path of the page to open

	target  atomic.Pointer[string] // where that leads: Entra's authorize endpoint
	answers chan url.Values        // the first that has the right state
	opened  atomic.Bool            // the page to open was fetched
	taken   atomic.Bool
	decided chan struct{} // closed when outcome is set
	outcome Page

	deciding sync.Mutex     // nobody is added to watching once decided is closed
	watching sync.WaitGroup // pages that wait for the outcome

	server http.Server
	serves sync.WaitGroup
}

// maxForm bounds the form that Entra posts.
const maxForm = 256 << 10

// Start listens at r and serves, until Close.
func Start(r Redirect) (*Server, error) {
	listeners, err := r.listen()
	if err != nil {
		return nil, err
	}
	s := newServer(r)
	s.server = http.Server{
		Handler:           s,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          log.New(io.Discard, "", 0),
	}
	s.server.SetKeepAlivesEnabled(false)
	for _, l := range listeners {
		s.serves.Go(func() { _ = s.server.Serve(l) })
	}
	return s, nil
}

// newServer returns one that listens nowhere.
func newServer(r Redirect) *Server {
	return &Server{
		redirect: r,
		state:    rand.Text(),
		start:    "/" + strings.ToLower(rand.Text()[:16]),
		answers:  make(chan url.Values, 1),
		decided:  make(chan struct{}),
	}
}

// Page is the short address to open in a browser. It leads nowhere before Lead
// was called.
func (s *Server) Page() string { return s.redirect.origin() + s.start }

// Lead sets where the page to open leads.
func (s *Server) Lead(target string) { s.target.Store(&target) }

// Opened reports whether a browser fetched the page to open.
func (s *Server) Opened() bool { return s.opened.Load() }

// State is what Entra must send back, so that its answer counts.
func (s *Server) State() string { return s.state }

// RedirectURI is where Entra must send its answer.
func (s *Server) RedirectURI() string { return s.redirect.uri() }

// Answer has the form that Entra posted, once.
func (s *Server) Answer() <-chan url.Values { return s.answers }

// Close ends the server and its goroutines, but for those that a client holds
// up for another moment.
func (s *Server) Close() {
	_ = s.server.Close()
	s.serves.Wait()
}

// Show tells the person how it went. It returns when every page that waits for
// it was sent whole, so that the Server may be closed, or after two seconds; if
// ctx has ended, after a tenth of one.
func (s *Server) Show(ctx context.Context, p Page) {
	s.outcome = p
	s.deciding.Lock()
	close(s.decided)
	s.deciding.Unlock()
	limit := 2 * time.Second
	if ctx.Err() != nil {
		limit = 100 * time.Millisecond
	}
	shown := make(chan struct{})
	go func() {
		s.watching.Wait()
		close(shown)
	}()
	t := time.NewTimer(limit)
	defer t.Stop()
	select {
	case <-shown:
	case <-t.C:
	}
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	get := r.Method == http.MethodGet || r.Method == http.MethodHead
	switch {
	case !s.ours(r.Host):
		// Another name that leads here: DNS rebinding.
		h.Set("Connection", "close")
		http.Error(w, "unknown host", http.StatusMisdirectedRequest)
	case get && r.URL.Path == s.start && s.target.Load() != nil:
		s.opened.Store(true)
		http.Redirect(w, r, *s.target.Load(), http.StatusFound)
	case r.Method == http.MethodOptions:
		s.preflight(w, r)
	case r.URL.Path != s.redirect.decoded():
		pageElsewhere.serve(w)
	case r.Method == http.MethodPost:
		s.answer(w, r)
	default:
		h.Set("Allow", http.MethodPost)
		pageNotPosted.serve(w)
	}
}

func (s *Server) ours(host string) bool {
	if s.redirect.port == 80 && !strings.HasSuffix(host, ":80") {
		host += ":80" // browsers leave it out
	}
	name, port, err := net.SplitHostPort(host)
	return err == nil && port == strconv.Itoa(s.redirect.port) && (name == "localhost" || name == "127.0.0.1" || name == "::1")
}

// preflight lets Entra's page, and no other, post here from the public network
// (Private Network Access).
func (s *Server) preflight(w http.ResponseWriter, r *http.Request) {
	u := &url.URL{}
	if target := s.target.Load(); target != nil {
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
func (s *Server) answer(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if r.ParseForm() != nil || subtle.ConstantTimeCompare([]byte(r.PostForm.Get("state")), []byte(s.state)) != 1 {
		pageOtherSignIn.serve(w)
		return
	}
	defer s.watch()() // before the answer is known: Show may follow at once
	if s.taken.CompareAndSwap(false, true) {
		s.answers <- r.PostForm
	}
	select {
	case <-s.decided:
		s.outcome.serve(w)
	case <-r.Context().Done():
	}
}

// watch makes Show wait for done. Who comes after it is not waited for.
func (s *Server) watch() (done func()) {
	s.deciding.Lock()
	defer s.deciding.Unlock()
	select {
	case <-s.decided:
		return func() {}
	default:
		s.watching.Add(1)
		return s.watching.Done
	}
}
