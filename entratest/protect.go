package entratest

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/msalcae/msalcae/entratest/internal/jose"
)

// Protect wraps an API of your own: only requests with an access token of this
// server reach the handler, and it takes part in Continuous Access Evaluation
// as the Graph-like API does, with the same counters, records and faults. The
// handler may be served anywhere, by net/http/httptest for example.
//
// resource is what the API is called, and its tokens' audience: scopes are
// resource+"/.default" or resource+"/permission". Without one it is
// "api://" followed by ClientID.
func (s *Server) Protect(handler http.Handler, resource ...string) http.Handler {
	audiences := slices.Clone(resource)
	if len(audiences) == 0 {
		audiences = []string{"api://" + clientID, clientID}
	}
	s.mu.Lock()
	s.resources = append(slices.Clip(s.resources), audiences...)
	s.mu.Unlock()
	return s.protect(audiences, func(x *exchange, _ *caller) { handler.ServeHTTP(x, x.r) })
}

// A caller is who an access token speaks for: a user or an application.
type caller struct {
	*principal
	user *account // nil: an application
	app  *app     // nil: a user
}

// protect lets only good tokens through to h. No byte of the body has been
// read then.
func (s *Server) protect(audiences []string, h func(*exchange, *caller)) http.Handler {
	return s.observe(APIEndpoint, func(x *exchange) {
		x.graphHeaders()
		if x.faulty() {
			return
		}
		token, refusal := s.admit(x.r, audiences)
		if refusal != "" {
			x.unauthorized(refusal)
			return
		}
		x.rec.Client = token.App
		s.mu.Lock()
		c, d := s.decide(token)
		if c != nil && c.user != nil {
			x.rec.Account = c.label
		}
		s.mu.Unlock()
		switch {
		case c == nil:
			x.unauthorized("The identity of the calling application or user could not be established.")
		case d.kind == acceptToken:
			h(x, c)
		default:
			x.challenge(d)
		}
	})
}

// admit validates a token as any API must (RFC 7519 section 7.2). The second
// result is Graph's message, "" if the token is valid.
func (s *Server) admit(r *http.Request, audiences []string) (*accessToken, string) {
	scheme, value, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	value = strings.TrimSpace(value)
	if !strings.EqualFold(scheme, "Bearer") || value == "" {
		return nil, "Access token is empty."
	}
	t, err := s.verifier.verify(value)
	now := time.Now()
	switch {
	case err == jose.ErrForm:
		return nil, "CompactToken parsing failed."
	case err != nil:
		return nil, "Access token validation failure. Invalid signature."
	case !hasFold(audiences, t.Audience):
		return nil, "Access token validation failure. Invalid audience."
	case !s.ownIssuer(t.Issuer):
		return nil, "Access token validation failure. Invalid issuer."
	case now.Unix() >= t.Expires:
		return nil, "Lifetime validation failed, the token is expired."
	case now.Add(maxSkew).Unix() < t.NotBefore:
		return nil, "Access token has expired or is not yet valid."
	}
	return t, ""
}

// ownIssuer tells whether the tenant issued a token, under whichever name of
// the authority its client used.
func (s *Server) ownIssuer(issuer string) bool {
	host, ok := strings.CutSuffix(issuer, "/"+tenantID+"/v2.0")
	if !ok {
		return false
	}
	host, ok = strings.CutPrefix(host, "https://")
	return ok && s.ownHost(host)
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
)

// caller finds whom the token speaks for; nil: nobody known. s.mu is held.
func (s *Server) caller(t *accessToken) *caller {
	if t.Kind == "user" {
		if u := s.user(t.ObjectID); u != nil {
			return &caller{principal: &u.principal, user: u}
		}
	} else if a := s.app(t.App); a != nil {
		return &caller{principal: &a.principal, app: a}
	}
	return nil
}

// decide applies what has happened to the token's principal. A client without
// capability cp1 is never challenged: its tokens are short-lived and good
// until they expire. s.mu is held.
func (s *Server) decide(t *accessToken) (*caller, decision) {
	c := s.caller(t)
	if c == nil {
		return nil, decision{}
	}
	if ended, ok := c.cutAfter(t.seq); ok && t.cae() {
		return c, decision{kind: revokedToken, cut: ended}
	}
	wanted := s.policy.contexts
	switch {
	case len(wanted) == 0, slices.ContainsFunc(wanted, func(id string) bool { return slices.Contains(t.Contexts, id) }):
		return c, decision{}
	case t.cae():
		return c, decision{kind: weakToken, contexts: wanted}
	}
	return c, decision{kind: forbiddenToken, contexts: wanted}
}
