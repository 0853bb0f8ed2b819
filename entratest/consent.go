package entratest

import (
	"strings"

	"github.com/msalcae/msalcae/entratest/internal/pages"
)

// WithdrawConsent takes back a user's consent to an application; "" is every
// user, or every application. Refresh tokens are answered with AADSTS65001, and
// the sign-in pages ask for consent again, which restores them. Access tokens
// stay good, as no event of Continuous Access Evaluation tells the API.
// It panics if there is nobody of that name.
func (s *Server) WithdrawConsent(user, client string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if client != "" && s.app(client) == nil {
		panic("entratest: WithdrawConsent: there is no application " + client)
	}
	for _, p := range s.principals(user) {
		if p.withdrawn == nil {
			p.withdrawn = map[string]bool{}
		}
		for _, a := range s.apps {
			if client == "" || a == s.app(client) {
				p.withdrawn[strings.ToLower(a.ClientID)] = true
			}
		}
	}
}

// consent: the user has not withdrawn it.
func (a *admission) consent() *objection {
	if !a.person() || !a.who.withdrawn[strings.ToLower(a.app.ClientID)] {
		return nil
	}
	return &objection{err: aad(65001), cure: pages.Consent}
}

// giveConsent is the consent page's button.
func (tx *transaction) giveConsent() {
	tx.consent = false
	delete(tx.session.user.withdrawn, strings.ToLower(tx.app.ClientID))
}
