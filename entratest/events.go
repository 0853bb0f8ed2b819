package entratest

import (
	"slices"
	"time"
)

// Revoke revokes the sessions of a user, given by user principal name, object
// id or home account id: the API challenges the access tokens issued so far,
// their refresh tokens are answered with AADSTS50173, and the next sign-in
// asks for the password. Given a client id, it makes the API challenge that
// application's own tokens; its next request for one succeeds. "" means every
// user and application. Revoke panics if there is nobody of that name.
func (s *Server) Revoke(user string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	seq, now := s.next(), time.Now()
	for _, p := range s.principals(user) {
		p.cut(cut{seq: seq, code: codeRevoked})
		p.validFrom, p.validFromAt = seq, now
	}
}

// RevokeAccessTokens makes the API challenge the access tokens that a user or
// an application, named as for Revoke, holds so far, with the words of a
// revocation. Refresh tokens and sessions stay valid: a client heals without
// its user.
func (s *Server) RevokeAccessTokens(user string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	seq := s.next()
	for _, p := range s.principals(user) {
		p.cut(cut{seq: seq, code: codeRevoked})
	}
}

// ChangePolicy makes the API challenge the access tokens that a user or an
// application, named as for Revoke, holds so far, as after a change of roles
// or of a Conditional Access policy. Refresh tokens and sessions stay valid.
func (s *Server) ChangePolicy(user string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	seq := s.next()
	for _, p := range s.principals(user) {
		p.cut(cut{seq: seq, code: codePolicy})
	}
}

// MoveIP moves the clients of a user or an application, named as for Revoke,
// to another address, which the location policy allows: the API challenges
// their access tokens with that address (xms_rp_ipaddr), and new ones carry
// it (ipaddr). Refresh tokens and sessions stay valid.
func (s *Server) MoveIP(user, ip string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	seq := s.next()
	for _, p := range s.principals(user) {
		p.ip = ip
		p.cut(cut{seq: seq, code: codeLocation, ip: ip})
	}
}

// Disable disables a user or an application, named as for Revoke: the API
// challenges its access tokens, and nobody gets new ones until Enable: neither
// for a refresh token nor by signing in (AADSTS50057, for an application
// AADSTS7000112).
func (s *Server) Disable(user string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	seq := s.next()
	for _, p := range s.principals(user) {
		p.cut(cut{seq: seq, code: codeRevoked})
		p.blocked = 7000112
		if s.user(p.objectID) != nil {
			p.blocked = 50057
		}
	}
}

// Enable takes Disable back. Access tokens issued before stay refused.
func (s *Server) Enable(user string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.principals(user) {
		p.blocked = 0
	}
}

// cut records c in place of an earlier one of the same kind.
func (p *principal) cut(c cut) {
	p.cuts = slices.DeleteFunc(slices.Clone(p.cuts), func(have cut) bool { return have.code == c.code })
	p.cuts = append(p.cuts, c)
}

// cutAfter returns the event that ended tokens of place seq. A revocation
// comes before anything else.
func (p *principal) cutAfter(seq uint64) (found cut, ok bool) {
	for _, c := range p.cuts {
		if seq < c.seq && (!ok || c.code == codeRevoked) {
			found, ok = c, true
		}
	}
	return found, ok
}
