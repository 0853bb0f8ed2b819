package entratest

import (
	"maps"
	"slices"
)

// A contextDemand is what a part of the API demands.
type contextDemand struct {
	path string   // "": every path that has no demand of its own
	ids  []string // any one of them will do
}

// RequireAuthContext makes the API demand that tokens carry one of the given
// authentication contexts, such as "c1", in acrs (any one will do, as OpenID
// Connect Core section 5.5.1 has it of values), and binds them to a policy
// that demands a second factor: a refresh token alone then yields AADSTS50076
// unless its sign-in has passed one, for the context or for none in particular
// (RequireMFA, SetRisk). Without ids it lifts the demand. It replaces
// what earlier calls required, RequireAuthContextAt included.
func (s *Server) RequireAuthContext(ids ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.policy.contexts = nil
	s.policy.demand("", ids)
}

// RequireAuthContextAt is RequireAuthContext for one path of the API and all
// below it, "/me/messages" for example, without Graph's version. The demand of
// the longest path that fits counts, and demands of other paths stay as they
// are; without ids it is lifted. The path "" or "/" is all of the API.
func (s *Server) RequireAuthContextAt(path string, ids ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.policy.demand(rooted(path), ids)
}

// A RequiredAuthContext is what a path of the API demands.
type RequiredAuthContext struct {
	Path string   `json:"path"` // and all below it; "" is all of the API
	IDs  []string `json:"ids"`  // any one of them will do
}

// RequiredAuthContexts returns what RequireAuthContext and RequireAuthContextAt
// demand, the latest last; nil if that is nothing.
func (s *Server) RequiredAuthContexts() (all []RequiredAuthContext) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range s.policy.contexts {
		all = append(all, RequiredAuthContext{d.path, slices.Clone(d.ids)})
	}
	return all
}

// demand replaces what the path demands.
func (p *policy) demand(path string, ids []string) {
	p.contexts = slices.DeleteFunc(slices.Clone(p.contexts), func(d contextDemand) bool { return d.path == path })
	if len(ids) > 0 {
		p.contexts = append(p.contexts, contextDemand{path, slices.Clone(ids)})
	}
}

// contextsAt returns what the path demands.
func (p *policy) contextsAt(path string) []string {
	var found contextDemand
	for _, d := range p.contexts {
		if below(path, d.path) && (found.ids == nil || len(d.path) > len(found.path)) {
			found = d
		}
	}
	return found.ids
}

// boundContexts returns the contexts that a policy is bound to: all that are
// demanded somewhere.
func (p *policy) boundContexts() (ids []string) {
	for _, d := range p.contexts {
		ids = append(ids, d.ids...)
	}
	return ids
}

// AuthContexts says which authentication contexts access tokens carry, and for
// how long a sign-in satisfies them. What Entra does is not documented.
type AuthContexts string

// The ways of AuthContexts.
const (
	AuthContextsAsked     AuthContexts = ""          // those asked for; as long as the sign-in lasts
	AuthContextsCarried   AuthContexts = "carried"   // all that the sign-in satisfied, asked for or not
	AuthContextsForgotten AuthContexts = "forgotten" // those asked for; a refresh token satisfies none any more
)

// SetAuthContexts says how authentication contexts are carried over. It panics
// if there is no such way.
func (s *Server) SetAuthContexts(c AuthContexts) {
	if c != AuthContextsAsked && c != AuthContextsCarried && c != AuthContextsForgotten {
		panic("entratest: SetAuthContexts: there is no such way")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.policy.acrs = c
}

// satisfies tells whether the sign-in is good enough for an authentication
// context.
func (in signin) satisfies(id string) bool { return in.contexts[id] || in.general }

// refreshed is what a refresh token's sign-in is worth.
func (c AuthContexts) refreshed(in signin) signin {
	if c == AuthContextsForgotten {
		in.contexts, in.general = nil, false
	}
	return in
}

// granted returns the contexts of a token for which some were asked, of those
// that the sign-in satisfied.
func (c AuthContexts) granted(asked []string, satisfied map[string]bool) []string {
	if c == AuthContextsCarried {
		for _, id := range slices.Sorted(maps.Keys(satisfied)) {
			if !slices.Contains(asked, id) {
				asked = append(asked, id)
			}
		}
	}
	return asked
}
