package entratest

import (
	"cmp"
	"fmt"

	"github.com/msalcae/msalcae/entratest/internal/pages"
)

// An admission is what decides whether tokens are issued: at the token
// endpoint for a grant, and at the authorize endpoint before a code is.
type admission struct {
	policy *policy
	app    *app
	who    *principal // whose tokens: the user, or the application itself
	signin signin     // the user's; its user is nil for an application
	scope  scopeRequest
	claims claimsRequest
}

// An objection says why nothing is issued, and which page lets a person see to
// it; "" is none.
type objection struct {
	err  *aadError
	cure pages.Page
}

// admissionRules are asked in their order; the first that objects decides.
var admissionRules = []func(*admission) *objection{
	(*admission).standing,
	(*admission).location,
	(*admission).risk,
	(*admission).device,
	(*admission).secondFactor,
	(*admission).context,
	(*admission).consent,
}

// objection returns why nothing is issued; nil: nothing stands in the way.
func (a *admission) objection() *objection {
	for _, rule := range admissionRules {
		if o := rule(a); o != nil {
			return o
		}
	}
	return nil
}

func (a *admission) person() bool { return a.signin.user != nil }

// standing: neither the account nor the application is disabled or deleted.
func (a *admission) standing() *objection {
	if code := cmp.Or(a.who.blocked, a.app.blocked); code != 0 {
		return &objection{err: aad(code, a.app.ClientID)}
	}
	return nil
}

// context: the sign-in has satisfied the authentication contexts asked for.
func (a *admission) context() *objection {
	if !a.person() || len(a.policy.stepUp(a.claims, a.signin.satisfies)) == 0 {
		return nil
	}
	return a.moreNeeded()
}

// moreNeeded asks for a second factor.
func (a *admission) moreNeeded() *objection {
	code := 50076
	if a.who.unregistered {
		code = 50079
	}
	return &objection{err: a.named(aad(code, a.scope.resource)), cure: pages.Approve}
}

// named tells a client the policy behind e by its id, if clients of its kind are
// told.
func (a *admission) named(e *aadError) *aadError {
	if a.policy.names.tells(a.app.confidential()) {
		e.claims = fmt.Sprintf(`{"access_token":{"capolids":{"essential":true,"values":["%s"]}}}`, policyID)
	}
	return e
}
