package entratest

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"
)

// A Session is a person signed in with one browser.
type Session struct {
	User     string    `json:"user"`               // user principal name
	SignedIn time.Time `json:"signed_in"`          // when the password was entered
	Contexts []string  `json:"contexts,omitempty"` // authentication contexts that were satisfied
	Apps     []string  `json:"apps,omitempty"`     // client ids of applications that have had codes of it
}

// Sessions returns the sessions that are alive, the oldest first.
func (s *Server) Sessions() []Session {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []Session
	for _, session := range s.sessions.All() {
		if !s.alive(session) {
			continue
		}
		shown := Session{User: session.user.Username, SignedIn: session.signedIn,
			Contexts: slices.Sorted(maps.Keys(session.contexts))}
		for _, app := range session.apps {
			shown.Apps = append(shown.Apps, app.ClientID)
		}
		all = append(all, shown)
	}
	return all
}

// A TokenState is what the API makes of a token.
type TokenState string

// The states that an issued token can be in. An authentication context that
// some path demands of it does not count.
const (
	TokenAccepted TokenState = "accepted"
	TokenRefused  TokenState = "refused" // challenged, for what has happened since its issue
	TokenExpired  TokenState = "expired"
)

// An IssuedToken is an access token without its signature: nobody can use it.
type IssuedToken struct {
	SHA256 string          `json:"sha256"` // of the token, in lower-case hex, as Request has it
	State  TokenState      `json:"state"`  // now
	Claims json.RawMessage `json:"claims"` // its payload, a JSON object
}

// maxIssued is how many tokens Tokens remembers.
const maxIssued = 1000

// Tokens returns the latest access tokens that were issued, at most 1000, in
// the order of their issue.
func (s *Server) Tokens() []IssuedToken {
	now := s.apiNow()
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]IssuedToken, 0, s.issued.Len())
	for hash, payload := range s.issued.All() {
		claims, err := base64.RawURLEncoding.DecodeString(payload)
		must(err) // it is of our own making
		var t accessToken
		must(json.Unmarshal(claims, &t))
		t.place()
		all = append(all, IssuedToken{SHA256: hash, Claims: claims, State: s.state(&t, now)})
	}
	return all
}

// state is what the API would make of a token. s.mu is held.
func (s *Server) state(t *accessToken, now time.Time) TokenState {
	if now.Unix() >= t.Expires {
		return TokenExpired
	}
	c, d := s.decide(t, "")
	if c == nil || d.kind == revokedToken {
		return TokenRefused
	}
	return TokenAccepted
}

// issuedToken remembers a token for Tokens.
func (s *Server) issuedToken(token string) {
	_, rest, _ := strings.Cut(token, ".")
	payload, _, _ := strings.Cut(rest, ".")
	s.mu.Lock()
	defer s.mu.Unlock()
	s.issued.Put(hashOf(token), payload)
}
