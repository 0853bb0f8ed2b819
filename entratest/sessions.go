package entratest

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/msalcae/msalcae/entratest/internal/ids"
)

// A session is a person signed in with one browser.
type session struct {
	id       string // clients know it as session_state
	cookie   string // only the browser knows it
	user     *account
	seq      uint64
	signedIn time.Time
	contexts map[string]bool // authentication contexts that were satisfied
	factor   uint64          // place in the order of events of the second factor; 0: none was given
	general  bool            // one was given for no context in particular, and counts for all
	apps     []*app          // that have had codes of it
	ended    bool            // by signing out
}

// signin returns what the session's tokens are to remember of it.
func (session *session) signin() signin {
	return signin{user: session.user, session: session.id, at: session.signedIn,
		contexts: maps.Clone(session.contexts), factor: session.factor, general: session.general, family: new(family)}
}

// sessionCookie holds the handles of the browser's sessions, the latest first,
// with dots between them.
const sessionCookie = "ESTSAUTH"

// maxBrowserSessions bounds how many accounts one browser is signed in to.
const maxBrowserSessions = 8

// cookies returns the browser's handles.
func cookies(r *http.Request) []string {
	c, err := r.Cookie(sessionCookie)
	if err != nil {
		return nil
	}
	handles := strings.SplitN(c.Value, ".", maxBrowserSessions+1)
	return handles[:min(len(handles), maxBrowserSessions)]
}

func sessionCookieOf(handles []string) *http.Cookie {
	c := &http.Cookie{Name: sessionCookie, Value: strings.Join(handles, "."), Path: "/", HttpOnly: true, Secure: true, SameSite: http.SameSiteNoneMode}
	if len(handles) == 0 {
		c.MaxAge = -1
	}
	return c
}

// browserSessions returns the sessions of the handles that are alive. s.mu is
// held.
func (s *Server) browserSessions(handles []string) (alive []*session) {
	for _, h := range handles {
		if session, ok := s.sessions.Get(h); ok && s.alive(session) {
			alive = append(alive, session)
		}
	}
	return alive
}

// candidates returns the browser's sessions that the request may mean: of the
// account that it hints at, or of the domain. s.mu is held.
func (s *Server) candidates(tx *transaction) []*session {
	return slices.DeleteFunc(s.browserSessions(tx.cookies), func(c *session) bool {
		if _, ok := s.tenantOf(c.user, tx.tenant); !ok {
			return true
		}
		return tx.hint != "" && c.user != s.user(tx.hint) || tx.domain != "" && !c.user.within(tx.domain)
	})
}

// within tells whether domain_hint means the account.
func (u *account) within(domain string) bool {
	switch strings.ToLower(domain) {
	case "organizations":
		return u.Tenant != consumersTenant
	case "consumers":
		return u.Tenant == consumersTenant
	}
	return strings.HasSuffix(strings.ToLower(u.Username), "@"+strings.ToLower(domain))
}

// resume takes up the browser's session, if there is one alone; of several the
// person picks. s.mu is held.
func (s *Server) resume(tx *transaction) {
	switch found := s.candidates(tx); {
	case len(found) == 1:
		tx.session = found[0]
	case len(found) > 1:
		tx.pick = true
	}
	if tx.session != nil && tx.maxAge >= 0 && s.entraNow().Sub(tx.session.signedIn) >= tx.maxAge {
		tx.login = true
	}
}

// newSession signs a person in. s.mu is held.
func (s *Server) newSession(user *account) *session {
	session := &session{id: ids.NewGUID(), cookie: ids.Secret(), user: user, seq: s.next(), signedIn: s.entraNow(), contexts: map[string]bool{}}
	s.sessions.Put(session.cookie, session)
	return session
}

// alive tells whether the session has neither been revoked nor ended, nor its
// user disabled. s.mu is held.
func (s *Server) alive(session *session) bool {
	u := session.user
	return !session.ended && session.seq >= max(u.validFrom, u.passwordFrom, u.sessionsFrom) && u.blocked == 0
}

// remember returns the cookie of a browser that has signed in with the
// transaction: its session before those of other accounts. s.mu is held.
func (s *Server) remember(tx *transaction) *http.Cookie {
	if !slices.Contains(tx.session.apps, tx.app) {
		tx.session.apps = append(tx.session.apps, tx.app)
	}
	handles := []string{tx.session.cookie}
	for _, other := range s.browserSessions(tx.cookies) {
		if other.user != tx.session.user {
			handles = append(handles, other.cookie)
		}
	}
	return sessionCookieOf(handles[:min(len(handles), maxBrowserSessions)])
}
