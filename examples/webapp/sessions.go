package main

import (
	"crypto/rand"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
	"github.com/msalcae/msalcae/tokensource"
)

// A session is what the app knows of one browser.
type session struct {
	begun   tokensource.WebSignIn // the sign-in under way
	account public.Account        // zero: not signed in
	form    string                // that the app's forms must have
	until   time.Time
}

func newSession(who public.Account) session { return session{account: who, form: rand.Text()} }

// sessions are kept in memory, for a day. An app on several machines keeps them
// where all of these find them.
type sessions struct {
	secure bool // browsers come by https

	mu   sync.Mutex
	byID map[string]*session
}

const (
	cookieName  = "webapp-session"
	sessionLife = 24 * time.Hour
	maxSessions = 100_000
)

func newSessions(url string) *sessions {
	return &sessions{secure: strings.HasPrefix(url, "https://"), byID: map[string]*session{}}
}

// of returns the session of the request's browser, nil if it has none.
func (s *sessions) of(r *http.Request) *session {
	c, err := r.Cookie(cookieName)
	if err != nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if found := s.byID[c.Value]; found != nil && time.Now().Before(found.until) {
		return found
	}
	return nil
}

// begin puts a new session in the place of the browser's.
func (s *sessions) begin(w http.ResponseWriter, r *http.Request, new session) {
	s.drop(r)
	id := rand.Text()
	new.until = time.Now().Add(sessionLife)
	s.mu.Lock()
	defer s.mu.Unlock()
	for old, have := range s.byID {
		if len(s.byID) >= maxSessions || time.Now().After(have.until) {
			delete(s.byID, old)
		}
	}
	s.byID[id] = &new
	// Lax: Entra's answer comes from another site.
	http.SetCookie(w, &http.Cookie{Name: cookieName, Value: id, Path: "/", HttpOnly: true, Secure: s.secure, SameSite: http.SameSiteLaxMode})
}

func (s *sessions) end(w http.ResponseWriter, r *http.Request) {
	s.drop(r)
	http.SetCookie(w, &http.Cookie{Name: cookieName, Path: "/", MaxAge: -1, HttpOnly: true, Secure: s.secure, SameSite: http.SameSiteLaxMode})
}

func (s *sessions) drop(r *http.Request) {
	if c, err := r.Cookie(cookieName); err == nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.byID, c.Value)
	}
}
