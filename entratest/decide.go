package entratest

import (
	"slices"
	"strings"
	"time"

	"github.com/msalcae/msalcae/entratest/internal/graph"
)

// A caller is who an access token speaks for: a user or an application.
type caller struct {
	*principal
	user  *account // nil: an application
	app   *app     // nil: a user
	token *accessToken
	kept  *graph.Store // what was kept by the Graph-like API when the token was looked at
}

// caller finds whom the token speaks for, who may have been deleted since; nil:
// nobody known. s.mu is held.
func (s *Server) caller(t *accessToken) *caller {
	if t.Kind == "user" {
		if u := s.user(t.ObjectID); u != nil {
			return &caller{principal: &u.principal, user: u, token: t}
		}
		for _, u := range s.deleted {
			if strings.EqualFold(u.ObjectID, t.ObjectID) {
				return &caller{principal: &u.principal, user: u, token: t}
			}
		}
		return nil
	}
	if a := s.app(t.App); a != nil {
		return &caller{principal: &a.principal, app: a, token: t}
	}
	for _, a := range s.former {
		if strings.EqualFold(a.ClientID, t.App) {
			return &caller{principal: &a.principal, app: a, token: t}
		}
	}
	return nil
}

// A decision is what becomes of a valid token.
type decision struct {
	kind     decisionKind
	cut      cut      // for revokedToken
	contexts []string // that the token lacks, for weakToken and forbiddenToken
}

type decisionKind int

const (
	acceptToken    decisionKind = iota
	revokedToken                // challenge: something has happened since the token was issued
	weakToken                   // challenge: an authentication context is missing
	forbiddenToken              // as weakToken, but the client cannot answer challenges
	incapableToken              // the client cannot answer challenges, and the API insists
)

// A use is a valid token on its way to a part of the API.
type use struct {
	policy *policy
	token  *accessToken
	caller *caller
	path   string
}

// tokenRules are asked in their order what they say about the use of a token;
// the first that does not accept it decides.
var tokenRules = []func(*use) decision{
	(*use).sinceEvents,
	(*use).inPlace,
	(*use).capable,
	(*use).inContext,
}

// decide applies what has happened to the token's principal and what the API
// demands at the path. s.mu is held.
func (s *Server) decide(t *accessToken, path string) (*caller, decision) {
	c := s.caller(t)
	if c == nil || t.seq < s.born {
		return nil, decision{}
	}
	c.kept = s.graphStore
	u := &use{policy: &s.policy, token: t, caller: c, path: path}
	for _, rule := range tokenRules {
		if d := rule(u); d.kind != acceptToken {
			return c, d
		}
	}
	return c, decision{}
}

// sinceEvents refuses tokens that are older than an event. A client without
// capability cp1 is never challenged: its tokens are short-lived and good
// until they expire.
func (u *use) sinceEvents() decision {
	if ended, ok := u.caller.cutAfter(u.token.seq, time.Now()); ok && u.token.cae() {
		return decision{kind: revokedToken, cut: ended}
	}
	return decision{}
}

// inContext refuses tokens without an authentication context that the path
// demands. Any one of several will do.
func (u *use) inContext() decision {
	wanted := u.policy.contextsAt(u.path)
	switch {
	case len(wanted) == 0, slices.ContainsFunc(wanted, func(id string) bool { return slices.Contains(u.token.Contexts, id) }):
		return decision{}
	case u.token.cae():
		return decision{kind: weakToken, contexts: wanted}
	}
	return decision{kind: forbiddenToken, contexts: wanted}
}

// apiPath is the path of a request within the API: Graph's without its version.
func (x *exchange) apiPath() string {
	if x.graph && x.r.PathValue("version") != "" {
		return strings.TrimPrefix(x.r.URL.Path, "/"+x.r.PathValue("version"))
	}
	return x.r.URL.Path
}

// rooted is a path as requests have it, whether or not a test began it with a
// slash. "" stays what it is: everything.
func rooted(path string) string {
	if path = strings.TrimSuffix(path, "/"); path == "" || path[0] == '/' {
		return path
	}
	return "/" + path
}
