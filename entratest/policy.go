package entratest

import (
	"net/netip"
	"time"
)

// policy is what the tenant's administrator decides.
type policy struct {
	contexts         []contextDemand
	form             ChallengeForm // of the Graph-like API
	acrs             AuthContexts
	mfa, compliant   []string // scopes that need a second factor, a compliant device
	names            policyNames
	allowed          []netip.Prefix // none: everywhere
	strictLocation   bool
	strictRotation   bool
	strictAssertions bool
	requireCP1       bool
	withoutCAE       []string // APIs

	lifetime    time.Duration
	backdate    time.Duration
	delay       time.Duration // of events, until the API knows
	scopeEcho   ScopeEcho
	deviceCodes DeviceCodes
	identities  ManagedIdentities
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
