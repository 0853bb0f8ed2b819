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
	s.protected = append(slices.Clip(s.protected), audiences...)
	s.mu.Unlock()
	return s.protect(audiences, func(x *exchange, _ *caller) { handler.ServeHTTP(x, x.r) })
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
		c, d := s.decide(token, x.apiPath())
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
