package entratest

// Revoke revokes the sessions of a user, given by user principal name, object
// id or home account id: the API challenges the access tokens issued so far,
// their refresh tokens are answered with AADSTS50173, and the next sign-in
// asks for the password. Given a client id, it makes the API challenge that
// application's own tokens; its next request for one succeeds. "" means every
// user and application. Revoke panics if there is nobody of that name.
func (s *Server) Revoke(user string) { s.happen(user, s.revoke) }

func (s *Server) revoke(p *principal, seq uint64) {
	s.event(p, seq, codeRevoked)
	p.validFrom, p.validFromAt = seq, s.entraNow()
}

// RevokeAccessTokens makes the API challenge the access tokens that a user or
// an application, named as for Revoke, holds so far, with the words of a
// revocation. Refresh tokens and sessions stay valid: a client heals without
// its user.
func (s *Server) RevokeAccessTokens(user string) {
	s.happen(user, func(p *principal, seq uint64) { s.event(p, seq, codeRevoked) })
}

// ChangePolicy makes the API challenge the access tokens that a user or an
// application, named as for Revoke, holds so far, as after a change of roles
// or of a Conditional Access policy. Refresh tokens and sessions stay valid.
func (s *Server) ChangePolicy(user string) {
	s.happen(user, func(p *principal, seq uint64) { s.event(p, seq, codePolicy) })
}
