package entratest

import (
	"net/http"
	"slices"
	"strings"

	"github.com/msalcae/msalcae/entratest/internal/jose"
	"github.com/msalcae/msalcae/entratest/internal/reply"
)

// A Resource says what an API is called and how it speaks.
type Resource struct {
	// Audiences are the API's names, any of which is good as the audience of
	// its tokens. Scopes are one of them and "/.default" or "/permission". Nil
	// means "api://" followed by ClientID.
	Audiences []string
	// Form is how the API refuses tokens; "" is GraphForm.
	Form ChallengeForm
}

// Protect wraps an API of your own: only requests with an access token of this
// server reach the handler, and it takes part in Continuous Access Evaluation
// as the Graph-like API does, with the same counters, records and faults. Of the
// answers that are the handler's only the Date is set, to the API's clock. The
// handler may be served anywhere: by net/http/httptest, or for Client under a name
// of your choice by [Server.ServeHost].
//
// It is ProtectResource for a Resource with these Audiences.
func (s *Server) Protect(handler http.Handler, resource ...string) http.Handler {
	return s.ProtectResource(handler, Resource{Audiences: resource})
}

// ProtectResource is Protect for an API that speaks as Azure Resource Manager
// does, for example. It panics if there is no such form.
func (s *Server) ProtectResource(handler http.Handler, r Resource) http.Handler {
	r.Form.mustKnow()
	r.Audiences = slices.Clone(r.Audiences)
	if len(r.Audiences) == 0 {
		r.Audiences = []string{"api://" + clientID, clientID}
	}
	s.mu.Lock()
	s.protected = append(slices.Clip(s.protected), r.Audiences...)
	s.mu.Unlock()
	return s.observe(APIEndpoint, s.guard(func() Resource { return r }, func(x *exchange, _ *caller) { handler.ServeHTTP(x, x.r) }))
}

// guard lets only good tokens through to h. No byte of the body has been read
// then.
func (s *Server) guard(resource func() Resource, h func(*exchange, *caller)) handler {
	return func(x *exchange) {
		r := resource()
		x.form = r.Form
		if x.graph {
			x.graphExchange(nil).Headers()
		} else {
			reply.Date(x.Header(), s.apiNow())
		}
		if x.faulty() {
			return
		}
		token, refusal := s.admit(x.r, r.Audiences)
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
		if c != nil && d.cut.ip == "" {
			d.cut.ip = c.apiIP
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
	}
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
	now := s.apiNow()
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

// ownIssuer tells whether a tenant of the server issued a token, under
// whichever name of the authority its client used.
func (s *Server) ownIssuer(issuer string) bool {
	rest, https := strings.CutPrefix(issuer, "https://")
	host, rest, _ := strings.Cut(rest, "/")
	id, ok := strings.CutSuffix(rest, "/v2.0")
	tenant, known := s.tenants.find(id)
	return https && ok && known && tenant.ID == id && s.ownHost(host)
}
