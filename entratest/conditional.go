package entratest

import (
	"slices"
	"strings"
)

// RequireMFA makes Conditional Access demand a second factor for the scopes:
// names of APIs ("api://orders", Scope without "/.default"), permissions
// ("Mail.Send", or with the API's name before them), or "" for everything.
// Without it the sign-in's refresh tokens are answered with AADSTS50076, and
// the sign-in pages ask for it. It replaces what an earlier call demanded;
// without scopes it lifts the demand. Access tokens that were issued before stay
// good until they expire; call ChangePolicy to have the API challenge them.
// Applications' own tokens are not concerned.
func (s *Server) RequireMFA(scopes ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.policy.mfa = slices.Clone(scopes)
}

// RequireCompliantDevice makes Conditional Access demand a compliant device for
// the scopes, which are named as for RequireMFA: without one, tokens are refused
// with AADSTS53000, and no page helps. Devices are not compliant until
// SetCompliant says so.
func (s *Server) RequireCompliantDevice(scopes ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.policy.compliant = slices.Clone(scopes)
}

// SetCompliant says whether the devices of a user, named as for Revoke, are
// compliant.
func (s *Server) SetCompliant(user string, on bool) {
	s.happen(user, func(p *principal, _ uint64) { p.compliant = on })
}

// SetMFARegistered says whether a user, named as for Revoke, has registered a
// second factor. Initially all have; without one AADSTS50079 takes the place of
// AADSTS50076, and the sign-in page that asks for a second factor registers it.
func (s *Server) SetMFARegistered(user string, on bool) {
	s.happen(user, func(p *principal, _ uint64) { p.unregistered = !on })
}

// NamePolicies says which clients learn from an error that a policy causes,
// AADSTS50076 for example, which policy it is, as claims (capolids) that they
// are to send to the authorize endpoint. Initially confidential clients do and
// public clients do not, as in most samples from Entra.
func (s *Server) NamePolicies(public, confidential bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.policy.names = policyNames{toPublic: public, notToConfidential: !confidential}
}

type policyNames struct{ toPublic, notToConfidential bool }

func (n policyNames) tells(confidential bool) bool {
	if confidential {
		return !n.notToConfidential
	}
	return n.toPublic
}

// secondFactor: the sign-in has passed one, if the scopes need it.
func (a *admission) secondFactor() *objection {
	if !a.person() || a.signin.factor > 0 || !a.scope.within(a.policy.mfa) {
		return nil
	}
	return a.moreNeeded()
}

// device: it is compliant, if the scopes need it.
func (a *admission) device() *objection {
	if !a.person() || a.who.compliant || !a.scope.within(a.policy.compliant) {
		return nil
	}
	return &objection{err: a.named(aad(53000))}
}

// within tells whether a request is for any of the scopes. ".default" is for
// every permission of its API.
func (r scopeRequest) within(scopes []string) bool {
	for _, scope := range scopes {
		if scope == "" || strings.EqualFold(strings.TrimSuffix(scope, "/.default"), r.resource) {
			return true
		}
		permission := scope
		if i := strings.LastIndexByte(scope, '/'); i >= 0 {
			if !strings.EqualFold(scope[:i], r.resource) {
				continue
			}
			permission = scope[i+1:]
		}
		if hasFold(r.permissions, permission) || hasFold(r.permissions, ".default") {
			return true
		}
	}
	return false
}
