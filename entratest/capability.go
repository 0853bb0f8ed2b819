package entratest

import "slices"

// RequireCP1 makes the API refuse callers whose clients have not declared
// capability cp1, with 403: it cannot challenge them. By default it takes their
// tokens, which live for an hour or so, until they expire.
func (s *Server) RequireCP1(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.policy.requireCP1 = on
}

// ExcludeFromCAE names APIs that take no part in Continuous Access Evaluation:
// tokens for them carry no xms_cc, live for 60 to 90 minutes, and are never
// challenged. It replaces what an earlier call named. Scope without "/.default"
// is the Graph-like API's name.
func (s *Server) ExcludeFromCAE(resources ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.policy.withoutCAE = slices.Clone(resources)
}

// capable refuses clients that cannot be challenged, if the API insists.
func (u *use) capable() decision {
	if !u.policy.requireCP1 || u.token.cae() {
		return decision{}
	}
	return decision{kind: incapableToken}
}
