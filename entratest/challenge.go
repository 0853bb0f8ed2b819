package entratest

import (
	"net/http"
	"strings"

	"github.com/msalcae/msalcae/entratest/internal/challenge"
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
	f, _ := challenge.Of(string(x.form))
	r := challenge.Refusal{
		Claims:  f.Claims(d.demand(), x.s.apiNow().Unix()),
		Message: "Exception of type 'Microsoft.Graph.AGS.Contracts.ClaimsChallengeRequiredException' was thrown.",
	}
	if d.kind == revokedToken {
		r.Code = d.cut.code
		r.Message = "Continuous access evaluation resulted in challenge with result: InteractionRequired and code: " + r.Code
	}
	x.refuse(r)
}

// demand is what a challenge asks for.
func (d decision) demand() challenge.Demand {
	if d.kind == weakToken {
		return challenge.Demand{Contexts: d.contexts}
	}
	return challenge.Demand{Code: d.cut.code, IP: d.cut.ip}
}

// unauthorized answers 401 without a claims challenge.
func (x *exchange) unauthorized(message string) { x.refuse(challenge.Refusal{Message: message}) }

// refuse answers in the form of the API
// (https://learn.microsoft.com/entra/identity-platform/claims-challenge).
func (x *exchange) refuse(r challenge.Refusal) {
	reply.Early(x)
	r.Path = x.apiPath()
	status := x.refusalHeaders(r)
	f, _ := challenge.Of(string(x.form))
	body, ok := f.Body(r)
	if !ok {
		x.graphError(status, "InvalidAuthenticationToken", r.Message)
		return
	}
	x.rec.Error = body.Error
	if body.Type != "" {
		x.Header().Set("Content-Type", body.Type)
	}
	x.WriteHeader(status)
	if x.r.Method != http.MethodHead {
		x.Write(body.Text)
	}
}

// refusalHeaders sets the headers of a refusal and returns the status that
// belongs to it.
func (x *exchange) refusalHeaders(r challenge.Refusal) int {
	r.Login, r.Tenant, r.Domain = x.loginOfAPI(), x.s.tenantID, tenantDomain
	f, _ := challenge.Of(string(x.form))
	return f.Write(x.Header(), r)
}

// loginOfAPI is the authority that an API points to.
func (x *exchange) loginOfAPI() string {
	if c := cloudOfGraph(strings.TrimSuffix(x.r.Host, ":443")); c != nil {
		return "https://" + c.Login[0]
	}
	return x.s.web.Origin()
}
