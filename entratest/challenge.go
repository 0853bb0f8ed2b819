package entratest

import (
	"net/http"
	"strings"

	"github.com/msalcae/msalcae/entratest/internal/reply"
)

// SetChallengeForm makes the Graph-like API refuse tokens in another form than
// GraphForm; one of MalformedForms will do as well. It panics if there is no
// such form. For an API of your own see [Resource].
func (s *Server) SetChallengeForm(f ChallengeForm) {
	f.mustKnow()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.policy.form = f
}

// challenge answers with what d demands.
func (x *exchange) challenge(d decision) {
	switch d.kind {
	case incapableToken:
		x.graphError(http.StatusForbidden, "AccessDenied", "The API takes calls only of clients that take claims challenges: capability cp1 is missing.")
		return
	case forbiddenToken:
		x.graphError(http.StatusForbidden, "AccessDenied",
			"The token lacks the authentication context "+strings.Join(d.contexts, ", ")+", and its client does not take claims challenges.")
		return
	}
	f, _ := formOf(x.form)
	claims := graphClaims
	if f.claims != nil {
		claims = f.claims
	}
	r := refusal{
		claims:  claims(d, x.s.apiNow().Unix()),
		message: "Exception of type 'Microsoft.Graph.AGS.Contracts.ClaimsChallengeRequiredException' was thrown.",
	}
	if d.kind == revokedToken {
		r.code = d.cut.code
		r.message = "Continuous access evaluation resulted in challenge with result: InteractionRequired and code: " + r.code
	}
	x.refuse(r)
}

// unauthorized answers 401 without a claims challenge.
func (x *exchange) unauthorized(message string) { x.refuse(refusal{message: message}) }

// refuse answers in the form of the API
// (https://learn.microsoft.com/entra/identity-platform/claims-challenge).
func (x *exchange) refuse(r refusal) {
	reply.Early(x)
	status := x.refusalHeaders(r)
	body := graphBody
	if f, _ := formOf(x.form); f.body != nil {
		body = f.body
	}
	body(x, status, r)
}

// refusalHeaders sets the headers of a refusal and returns the status that
// belongs to it.
func (x *exchange) refusalHeaders(r refusal) int {
	r.login, r.tenant = x.loginOfAPI(), x.s.tenantID
	f, _ := formOf(x.form)
	if _, bad := malformed[x.form]; bad && r.claims == "" { // of challenges only
		f = forms[GraphForm]
	}
	for _, value := range f.header(r) {
		x.Header().Add("WWW-Authenticate", value)
	}
	if f.more != nil {
		x.Header().Set(f.more(r))
	}
	if f.status != 0 && r.claims != "" {
		return f.status
	}
	return http.StatusUnauthorized
}

// loginOfAPI is the authority that an API points to.
func (x *exchange) loginOfAPI() string {
	if c := cloudOfGraph(strings.TrimSuffix(x.r.Host, ":443")); c != nil {
		return "https://" + c.Login[0]
	}
	return x.s.web.Origin()
}
