package entratest

import (
	"fmt"
	"html"
	"io"
	"strings"
)

// graphBody is Graph's error object.
func graphBody(x *exchange, status int, r refusal) {
	x.graphError(status, "InvalidAuthenticationToken", r.message)
}

// armBody is the error object of Azure's own services. Only of a step-up it has
// been seen what is in it.
func armBody(x *exchange, status int, r refusal) {
	code, message := "AuthenticationFailed", r.message
	if r.claims != "" && r.code == "" {
		code = "RequestDisallowedByPolicy"
		message = fmt.Sprintf("Resource '%s' was disallowed by policy. Reasons: MFA is required.", strings.Trim(x.apiPath(), "/"))
	}
	x.rec.Error = code
	x.json(status, map[string]any{"error": map[string]any{"code": code, "message": message}})
}

func storageBody(x *exchange, status int, r refusal) {
	x.rec.Error = "InvalidAuthenticationInfo"
	x.Header().Set("Content-Type", "application/xml")
	x.WriteHeader(status)
	fmt.Fprintf(x, `<?xml version="1.0" encoding="utf-8"?><Error><Code>%s</Code><Message>%s</Message></Error>`, x.rec.Error, html.EscapeString(r.message))
}

func emptyBody(x *exchange, status int, _ refusal) {
	x.WriteHeader(status)
	io.WriteString(x, "")
}
