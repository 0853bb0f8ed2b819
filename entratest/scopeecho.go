package entratest

import (
	"slices"
	"strings"
)

// A ScopeEcho is how the token endpoint's answer spells the scopes that were
// granted. Clients compare them with what they asked for.
type ScopeEcho string

// The ways of a ScopeEcho.
const (
	EchoAsked     ScopeEcho = ""          // as asked for, without offline_access: Entra's way for permissions that it knows
	EchoNone      ScopeEcho = "none"      // no scope member, which OAuth takes for "as asked for"
	EchoQualified ScopeEcho = "qualified" // permissions with their API's name before them, even where it was left out
	EchoGranted   ScopeEcho = "granted"   // as asked for, and all else that is granted on the API
	EchoReordered ScopeEcho = "reordered" // in reverse order, in upper case
	EchoFewer     ScopeEcho = "fewer"     // without the API's: they were declined
)

// SetScopeEcho changes how answers spell the scopes that were granted. Tokens
// are good for the same in every way. It panics if there is no such way.
func (s *Server) SetScopeEcho(e ScopeEcho) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !slices.Contains([]ScopeEcho{EchoAsked, EchoNone, EchoQualified, EchoGranted, EchoReordered, EchoFewer}, e) {
		panic("entratest: SetScopeEcho: there is no such way")
	}
	s.policy.scopeEcho = e
}

// echo is the answer's scope; "": it has none. MSAL refuses a token whose answer
// lacks a scope it asked for.
func (r scopeRequest) echo(e ScopeEcho) string {
	granted := slices.DeleteFunc(slices.Clone(r.asked), func(s string) bool { return strings.EqualFold(s, "offline_access") })
	ofAPI := func(s string) bool { return !hasFold(openIDScopes, s) }
	switch e {
	case EchoNone:
		return ""
	case EchoQualified:
		for i, s := range granted {
			if ofAPI(s) && !strings.Contains(s, "/") {
				granted[i] = r.resource + "/" + s
			}
		}
	case EchoGranted:
		for _, permission := range strings.Fields(r.scp()) {
			if name := r.resource + "/" + permission; !hasFold(granted, name) && !hasFold(granted, permission) {
				granted = append(granted, name)
			}
		}
	case EchoReordered:
		slices.Reverse(granted)
		return strings.ToUpper(strings.Join(granted, " "))
	case EchoFewer:
		granted = slices.DeleteFunc(granted, ofAPI)
	}
	return strings.Join(granted, " ")
}
