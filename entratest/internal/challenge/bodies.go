package challenge

import (
	"encoding/json"
	"fmt"
	"html"
	"strings"
)

// A Body is what a refusal says below its headers.
type Body struct {
	Error string // code, "": none
	Type  string // Content-Type, "": none
	Text  []byte
}

// armBody is the error object of Azure's own services. Only of a step-up it has
// been seen what is in it.
func armBody(r Refusal) Body {
	code, message := "AuthenticationFailed", r.Message
	if r.Claims != "" && r.Code == "" {
		code = "RequestDisallowedByPolicy"
		message = fmt.Sprintf("Resource '%s' was disallowed by policy. Reasons: MFA is required.", strings.Trim(r.Path, "/"))
	}
	text, err := json.Marshal(map[string]any{"error": map[string]any{"code": code, "message": message}})
	if err != nil {
		panic(err) // texts can be
	}
	return Body{Error: code, Type: "application/json; charset=utf-8", Text: text}
}

func storageBody(r Refusal) Body {
	const code = "InvalidAuthenticationInfo"
	return Body{Error: code, Type: "application/xml", Text: fmt.Appendf(nil,
		`<?xml version="1.0" encoding="utf-8"?><Error><Code>%s</Code><Message>%s</Message></Error>`, code, html.EscapeString(r.Message))}
}

func emptyBody(Refusal) Body { return Body{} }
