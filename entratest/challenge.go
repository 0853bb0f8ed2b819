package entratest

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// challenge answers with what d demands, in Graph's words.
func (x *exchange) challenge(d decision) {
	switch d.kind {
	case forbiddenToken:
		x.graphError(http.StatusForbidden, "AccessDenied",
			"The token lacks the authentication context "+strings.Join(d.contexts, ", ")+", and its client does not take claims challenges.")
		return
	case weakToken:
		x.insufficientClaims(contextClaims(d.contexts),
			"Exception of type 'Microsoft.Graph.AGS.Contracts.ClaimsChallengeRequiredException' was thrown.")
		return
	}
	x.insufficientClaims(cutClaims(d.cut, x.rec.Time),
		"Continuous access evaluation resulted in challenge with result: InteractionRequired and code: "+d.cut.code)
}

// cutClaims are Graph's to the byte: nbf is a string, the time of the
// challenge and not of the event; only the address's claims have no space.
func cutClaims(c cut, now time.Time) string {
	if c.code == codeLocation {
		ip, err := json.Marshal(c.ip)
		must(err)
		return fmt.Sprintf(`{"access_token":{"nbf":{"essential":true,"value":"%d"},"xms_rp_ipaddr":{"value":%s}}}`, now.Unix(), ip)
	}
	return fmt.Sprintf(`{"access_token":{"nbf":{"essential":true, "value":"%d"}}}`, now.Unix())
}

func contextClaims(ids []string) string {
	member, wanted := "values", any(ids)
	if len(ids) == 1 {
		member, wanted = "value", ids[0]
	}
	b, err := json.Marshal(wanted)
	must(err)
	return fmt.Sprintf(`{"access_token":{"acrs":{"essential":true,"%s":%s}}}`, member, b)
}

// early lets an answer overtake the request's body, which HTTP/1.1 otherwise
// reads first.
func (x *exchange) early() {
	http.NewResponseController(x.ResponseWriter).EnableFullDuplex() // not needed for HTTP/2, an error there
}

// insufficientClaims answers 401 with a claims challenge
// (https://learn.microsoft.com/entra/identity-platform/claims-challenge).
func (x *exchange) insufficientClaims(claims, message string) {
	x.early()
	x.Header().Set("WWW-Authenticate", x.graphHeader(fmt.Sprintf(`, error="insufficient_claims", claims="%s"`,
		base64.StdEncoding.EncodeToString([]byte(claims)))))
	x.graphError(http.StatusUnauthorized, "InvalidAuthenticationToken", message)
}

// unauthorized answers 401 without a claims challenge.
func (x *exchange) unauthorized(message string) {
	x.early()
	x.Header().Set("WWW-Authenticate", x.graphHeader(""))
	x.graphError(http.StatusUnauthorized, "InvalidAuthenticationToken", message)
}

// graphHeader returns Graph's WWW-Authenticate header: one line, in its order.
func (x *exchange) graphHeader(more string) string {
	return fmt.Sprintf(`Bearer realm="", authorization_uri="%s/common/oauth2/authorize", client_id="%s"%s`,
		x.loginOfAPI(), graphAppID, more)
}

// loginOfAPI is the authority that an API points to.
func (x *exchange) loginOfAPI() string {
	if c := cloudOfGraph(strings.TrimSuffix(x.r.Host, ":443")); c != nil {
		return "https://" + c.Login[0]
	}
	return x.s.web.origin()
}

// graphHeaders are on every answer of the API.
func (x *exchange) graphHeaders() {
	h := x.Header()
	h.Set("Strict-Transport-Security", "max-age=31536000")
	h.Set("request-id", x.traceID)
	h.Set("client-request-id", x.rec.CorrelationID)
	h.Set("x-ms-ags-diagnostic", `{"ServerInfo":{"DataCenter":"entratest","Slice":"E","Ring":"1","ScaleUnit":"001","RoleInstance":"TEST0001"}}`)
}

// graphError answers with Graph's error object.
func (x *exchange) graphError(status int, code, message string) {
	x.rec.Error = code
	x.json(status, map[string]any{"error": map[string]any{
		"code":    code,
		"message": message,
		"innerError": map[string]any{
			"date":              x.rec.Time.UTC().Format("2006-01-02T15:04:05"),
			"request-id":        x.traceID,
			"client-request-id": x.rec.CorrelationID,
		},
	}})
}
