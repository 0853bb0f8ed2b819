package entratest

import "time"

// policy is what the tenant's administrator decides.
type policy struct {
	contexts       []contextDemand
	form           ChallengeForm // of the Graph-like API
	lifetime       time.Duration
	strictRotation bool
	deviceCodes    DeviceCodes
}

// policyID is the Conditional Access policy behind the required contexts.
const policyID = "cccccccc-0000-4000-8000-000000000001"

// StrictRotation makes a refresh token good for one redemption, and a second
// one kill all refresh tokens of that sign-in, as identity providers do that
// follow RFC 9700 section 4.14. Entra does not: by default old refresh tokens
// stay valid.
func (s *Server) StrictRotation(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.policy.strictRotation = on
}
