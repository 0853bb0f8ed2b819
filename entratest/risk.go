package entratest

// Risk is what Conditional Access makes of a user whom Entra ID Protection
// finds to be at high risk, or of an application.
type Risk string

// What a risk leads to.
const (
	NoRisk    Risk = ""      // not at risk
	RiskMFA   Risk = "mfa"   // a second factor is needed, and ends the risk; an application is blocked
	RiskBlock Risk = "block" // tokens are refused: AADSTS530032, for an application AADSTS53003
)

// SetRisk says that a user or an application, named as for Revoke, is at risk:
// the API challenges its access tokens, and Entra answers as r says until the
// risk ends. NoRisk ends it; tokens that were challenged stay so.
func (s *Server) SetRisk(user string, r Risk) {
	if r != NoRisk && r != RiskMFA && r != RiskBlock {
		panic("entratest: SetRisk: there is no such risk")
	}
	s.happen(user, func(p *principal, seq uint64) {
		p.risk, p.riskFrom = r, seq
		if r != NoRisk {
			s.event(p, seq, codeRevoked)
		}
	})
}

// risk: the account is at none, or has answered it.
func (a *admission) risk() *objection {
	switch {
	case a.who.risk == NoRisk:
		return nil
	case !a.person():
		return &objection{err: a.named(aad(53003))}
	case a.who.risk == RiskBlock:
		return &objection{err: a.named(aad(530032))}
	case a.signin.factor > a.who.riskFrom:
		return nil
	}
	return a.moreNeeded()
}
