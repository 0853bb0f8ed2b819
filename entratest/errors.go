package entratest

import (
	"fmt"
	"net/http"
	"time"
)

// An aadError is an error of the authority, in Entra's terms.
type aadError struct {
	aadsts         int
	code, suberror string // OAuth error, Entra's suberror
	subcode        string // error_subcode, only at the authorize endpoint
	text           string
	claims         string // "": none
	status         int    // 0: what goes with code
}

// errorTable holds texts as Entra words them. They may change there at any
// time: clients branch on error and suberror, never on code or text.
var errorTable = map[int]struct{ code, suberror, text string }{
	50011:   {"invalid_request", "", "The redirect URI '%s' specified in the request does not match the redirect URIs configured for the application '%s'."},
	50053:   {"invalid_grant", "", "The account is locked, you've tried to sign in too many times with an incorrect user ID or password."},
	50055:   {"invalid_grant", "user_password_expired", "The password is expired."},
	50079:   {"interaction_required", "", "Due to a configuration change made by your administrator, or because you moved to a new location, you must enroll in multi-factor authentication to access '%s'."},
	50196:   {"invalid_grant", "", "The server terminated an operation because it encountered a client request loop. Please contact your app vendor."},
	53000:   {"invalid_grant", "additional_action", "Device is not in required device state: compliant. Conditional Access policy requires a compliant device, and the device is not compliant."},
	70043:   {"invalid_grant", "token_expired", "The refresh token has expired or is invalid due to sign-in frequency checks by conditional access."},
	700082:  {"invalid_grant", "bad_token", "The refresh token has expired due to inactivity."},
	7000112: {"unauthorized_client", "", "Application '%s' is disabled."},
	7000222: {"invalid_client", "", "The provided client secret keys are expired."},
	50034:   {"invalid_grant", "bad_token", "The user account {EUII Hidden} does not exist in the " + tenantID + " directory."},
	50049:   {"invalid_instance", "", "Unknown or invalid instance."},
	50057:   {"invalid_grant", "", "The user account is disabled."},
	50058:   {"login_required", "", "A silent sign-in request was sent but no user is signed in."},
	50076:   {"invalid_grant", "basic_action", "Due to a configuration change made by your administrator, or because you moved to a new location, you must use multi-factor authentication to access '%s'."},
	50126:   {"invalid_grant", "", "Error validating credentials due to invalid username or password."},
	50147:   {"invalid_request", "", "The code challenge is missing."},
	50173:   {"invalid_grant", "bad_token", "The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have changed or reset their password. The grant was issued on '%s' and the TokensValidFrom date (before which tokens are not valid) for this user is '%s'."},
	53003:   {"invalid_grant", "message_only", "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance."},
	54005:   {"invalid_grant", "", "OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing refresh token."},
	65001:   {"invalid_grant", "consent_required", "The user or administrator has not consented to use the application."},
	65004:   {"access_denied", "", "User declined to consent to access the app."},
	70000:   {"invalid_grant", "", "The provided value for the input parameter 'refresh_token' or 'code' is not valid."},
	70003:   {"unsupported_grant_type", "", "The app requested an unsupported grant type '%s'."},
	70008:   {"invalid_grant", "", "The provided authorization code or refresh token has expired due to inactivity. Send a new interactive authorization request for this user and resource."},
	70011:   {"invalid_scope", "", "The provided value for the input parameter 'scope' isn't valid. The scope %s isn't valid."},
	90002:   {"invalid_tenant", "", "Tenant '%s' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud."},
	90023:   {"invalid_request", "", "Invalid request: %s."},
	90033:   {"temporarily_unavailable", "", "A transient error has occurred. Please try again."},
	90055:   {"temporarily_unavailable", "", "The server is busy: there are too many incoming requests."},
	90100:   {"invalid_request", "", "The parameter '%s' is empty or not valid."},
	500011:  {"invalid_resource", "", "The resource principal named %s was not found in the tenant named " + tenantDomain + "."},
	500112:  {"invalid_grant", "", "The reply address '%s' does not match the reply address provided when requesting the authorization code."},
	501481:  {"invalid_grant", "", "The Code_Verifier does not match the code_challenge supplied in the authorization request."},
	501491:  {"invalid_request", "", "Invalid size of Code_Challenge parameter."},
	700016:  {"unauthorized_client", "", "Application with identifier '%s' was not found in the directory '" + tenantDomain + "'."},
	700022:  {"invalid_scope", "", "The scope parameter names more than one resource."},
	700025:  {"invalid_client", "", "Client is public so neither 'client_assertion' nor 'client_secret' should be presented."},
	700027:  {"invalid_client", "", "The certificate with identifier used to sign the client assertion is not registered on the application."},
	700054:  {"unsupported_response_type", "", "response_type '%s' is not enabled for the application."},
	900144:  {"invalid_request", "", "The request body must contain the following parameter: '%s'."},
	900561:  {"invalid_request", "", "The endpoint only accepts POST requests. Received a %s request."},
	7000215: {"invalid_client", "", "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '%s'."},
	7000218: {"invalid_client", "", "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."},
	9001023: {"invalid_request", "", "The grant type is not supported over the /common or /consumers endpoints. Please use the /organizations or tenant-specific endpoint."},
}

// aad makes the error of a code; args complete its text.
func aad(aadsts int, args ...any) *aadError {
	e, ok := errorTable[aadsts]
	if !ok {
		return &aadError{aadsts: aadsts, code: "invalid_request", text: "An error of the test's choice."}
	}
	return &aadError{aadsts: aadsts, code: e.code, suberror: e.suberror, text: sprintf(e.text, args)}
}

// sprintf leaves out what args lack: a fault names a code and no arguments.
func sprintf(format string, args []any) string {
	for n := countVerbs(format); len(args) < n; {
		args = append(args, "?")
	}
	return fmt.Sprintf(format, args...)
}

func countVerbs(format string) (n int) {
	for _, c := range format {
		if c == '%' {
			n++
		}
	}
	return n
}

// as returns e under another OAuth error: the authorize endpoint names some
// things differently than the token endpoint.
func (e *aadError) as(code, suberror string) *aadError {
	e.code, e.suberror = code, suberror
	return e
}

func (e *aadError) httpStatus() int {
	switch {
	case e.status != 0:
		return e.status
	case e.code == "invalid_client":
		return http.StatusUnauthorized
	case e.code == "temporarily_unavailable":
		return http.StatusServiceUnavailable
	}
	return http.StatusBadRequest
}

// describe returns error_description: the text with what a support engineer
// would need.
func (e *aadError) describe(x *exchange) string {
	return fmt.Sprintf("AADSTS%d: %s\r\nTrace ID: %s\r\nCorrelation ID: %s\r\nTimestamp: %s",
		e.aadsts, e.text, x.traceID, x.rec.CorrelationID, timestamp(x.rec.Time))
}

func timestamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05Z") }

// fail answers with e as JSON, in the form of the token endpoint.
func (x *exchange) fail(e *aadError) {
	x.note(e)
	body := map[string]any{
		"error":             e.code,
		"error_description": e.describe(x),
		"error_codes":       []int{e.aadsts},
		"timestamp":         timestamp(x.rec.Time),
		"trace_id":          x.traceID,
		"correlation_id":    x.rec.CorrelationID,
		"error_uri":         fmt.Sprintf("%s/error?code=%d", x.s.loginOrigin(x.r), e.aadsts),
	}
	if e.suberror != "" {
		body["suberror"] = e.suberror
	}
	if e.claims != "" {
		body["claims"] = e.claims
	}
	x.Header().Set("x-ms-clitelem", fmt.Sprintf("1,%d,0,,", e.aadsts))
	x.json(e.httpStatus(), body)
}

// note puts e into the record of the request.
func (x *exchange) note(e *aadError) {
	x.rec.Error, x.rec.Suberror, x.rec.AADSTS = e.code, e.suberror, e.aadsts
}
