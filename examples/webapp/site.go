package main

import (
	"errors"
	"html/template"
	"io"
	"log"
	"net/http"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/tokensource"
)

// A site is the web app.
type site struct {
	*http.ServeMux
	people   *tokensource.WebApp
	sessions *sessions
	graph    string
	scope    string
	base     http.RoundTripper // below the calls to Graph; nil: net/http's
}

// newSite serves the app at url, over the Graph at graph with tokens of scope.
func newSite(cfg tokensource.ConfidentialConfig, url, graph, scope string) (*site, error) {
	client, err := tokensource.NewConfidential(cfg)
	if err != nil {
		return nil, err
	}
	people, err := client.WebApp(tokensource.WebConfig{RedirectURI: url + "/signed-in", Scopes: []string{scope}})
	if err != nil {
		return nil, err
	}
	s := &site{ServeMux: http.NewServeMux(), people: people, sessions: newSessions(url), graph: graph, scope: scope}
	if cfg.HTTPClient != nil {
		s.base = cfg.HTTPClient.Transport
	}
	s.HandleFunc("GET /{$}", s.home)
	s.HandleFunc("GET /sign-in", s.signIn)
	s.HandleFunc("GET /signed-in", s.signedIn)
	s.HandleFunc("POST /sign-out", s.signOut)
	return s, nil
}

var page = template.Must(template.New("").Parse(`<!doctype html><html lang="en"><title>Who am I?</title>
{{if .Name}}<h1>{{.Name}}</h1><pre>{{.Profile}}</pre>
<form method="post" action="/sign-out"><input type="hidden" name="form" value="{{.Form}}"><button>Sign out</button></form>
{{else}}<p>You are not signed in. <a href="/sign-in">Sign in</a></p>{{end}}</html>`))

// home shows what Graph says of whoever is signed in.
func (s *site) home(w http.ResponseWriter, r *http.Request) {
	session := s.sessions.of(r)
	if session == nil || session.account.HomeAccountID == "" {
		s.show(w, nil)
		return
	}
	api := (&msalcae.Transport{Source: s.people.User(session.account, s.scope), Base: s.base}).Client()
	req, err := http.NewRequestWithContext(r.Context(), http.MethodGet, s.graph+"/me", nil)
	if err != nil {
		s.fail(w, err)
		return
	}
	resp, err := api.Do(req)
	var redirect *tokensource.RedirectError
	if errors.As(err, &redirect) { // only they can help
		s.send(w, r, redirect.SignIn())
		return
	}
	if err != nil {
		s.fail(w, err)
		return
	}
	defer resp.Body.Close()
	profile, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		s.fail(w, err)
		return
	}
	s.show(w, map[string]string{"Name": session.account.PreferredUsername, "Profile": string(profile), "Form": session.form})
}

func (s *site) signIn(w http.ResponseWriter, r *http.Request) {
	begun, err := s.people.SignIn(r.Context(), public.Account{})
	if err != nil {
		s.fail(w, err)
		return
	}
	s.send(w, r, begun)
}

// send sends the browser to Entra and keeps what its answer must match.
func (s *site) send(w http.ResponseWriter, r *http.Request, begun tokensource.WebSignIn) {
	session := newSession(public.Account{})
	if had := s.sessions.of(r); had != nil {
		session = *had // whoever turns back is still signed in, with the pages that they have open
	}
	session.begun = begun
	s.sessions.begin(w, r, session)
	http.Redirect(w, r, begun.URL, http.StatusSeeOther)
}

// signedIn is where Entra sends the browser back to.
func (s *site) signedIn(w http.ResponseWriter, r *http.Request) {
	session := s.sessions.of(r)
	if session == nil {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	who, err := s.people.Redeem(r.Context(), session.begun, r.URL.Query())
	switch {
	case errors.Is(err, tokensource.ErrSignInMismatch):
		http.Redirect(w, r, "/", http.StatusSeeOther)
	case errors.Is(err, tokensource.ErrDeclined):
		// No redirect: it might lead to Entra again, and so on.
		http.Error(w, "You did not sign in. Go to the start page to try again.", http.StatusForbidden)
	case errors.Is(err, msalcae.ErrAccountMismatch):
		http.Error(w, "Somebody else signed in; nothing of them was kept. Go back and sign in as yourself.", http.StatusForbidden)
	case err != nil:
		s.fail(w, err)
	default:
		s.sessions.begin(w, r, newSession(who)) // a new one, that nobody can have planted
		http.Redirect(w, r, "/", http.StatusSeeOther)
	}
}

func (s *site) signOut(w http.ResponseWriter, r *http.Request) {
	session := s.sessions.of(r)
	if session == nil || session.account.HomeAccountID == "" || r.PostFormValue("form") != session.form {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	if err := s.people.SignOut(r.Context(), session.account); err != nil {
		s.fail(w, err)
		return
	}
	s.sessions.end(w, r)
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

func (s *site) show(w http.ResponseWriter, data any) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Security-Policy", "default-src 'none'")
	if err := page.Execute(w, data); err != nil {
		log.Print(err)
	}
}

// fail tells the log, and the person no more than they need. Errors of msalcae
// hold no secret.
func (s *site) fail(w http.ResponseWriter, err error) {
	log.Print(err)
	http.Error(w, "That did not work. Try again in a while.", http.StatusBadGateway)
}
