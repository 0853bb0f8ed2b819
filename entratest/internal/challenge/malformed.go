package challenge

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"strings"
	"unicode/utf16"
)

// malformed make WWW-Authenticate headers whose claims nobody can use, by the name
// of the form.
var malformed = map[string]func(Refusal) string{
	"malformed-truncated": func(r Refusal) string { h := genericHeader(r); return h[:len(h)-len(r.standard())/2] },
	"malformed-unclosed":  func(r Refusal) string { return strings.TrimSuffix(genericHeader(r), `"`) },
	"malformed-backslash": func(r Refusal) string { return strings.TrimSuffix(genericHeader(r), `"`) + `\` },

	"malformed-overpadded":      value(func(r Refusal) string { return strings.TrimRight(r.standard(), "=") + "===" }),
	"malformed-padded-within":   value(func(r Refusal) string { b := r.standard(); return b[:10] + "=" + b[10:] }),
	"malformed-odd-length":      value(func(Refusal) string { return "e" }),
	"malformed-percent-padding": value(func(r Refusal) string { return strings.TrimRight(r.standard(), "=") + "%3D" }),
	"malformed-percent-encoded": value(func(r Refusal) string { return url.QueryEscape(r.Claims) }),
	"malformed-twice-encoded":   value(func(r Refusal) string { return base64.StdEncoding.EncodeToString([]byte(r.standard())) }),
	"malformed-raw-json":        value(func(r Refusal) string { return r.Claims }),

	"malformed-array":            text(func(claims string) string { return "[" + claims + "]" }),
	"malformed-not-json":         text(func(string) string { return "testing1" }),
	"malformed-trailing-garbage": text(func(claims string) string { return claims + "x" }),
	"malformed-single-quotes":    text(func(claims string) string { return strings.ReplaceAll(claims, `"`, "'") }),
	"malformed-byte-order-mark":  text(func(claims string) string { return "\ufeff" + claims }),
	"malformed-utf16":            text(inUTF16),
	"malformed-not-utf8":         text(func(string) string { return "{\"access_token\":{\"a\":\"\xed\xa0\x80\"}}" }),
	"malformed-deep":             text(func(string) string { return strings.Repeat(`{"a":`, 1000) + "1" + strings.Repeat("}", 1000) }),
	"malformed-large":            text(func(string) string { return `{"access_token":{"a":"` + strings.Repeat("x", 16<<10) + `"}}` }),
}

// value is GenericForm with something else in the place of the claims.
func value(of func(Refusal) string) func(Refusal) string {
	return func(r Refusal) string {
		return fmt.Sprintf(`Bearer realm="", authorization_uri="%s", error="insufficient_claims", claims="%s"`, r.authorize(), of(r))
	}
}

// text is GenericForm with the base64 of something else.
func text(of func(claims string) string) func(Refusal) string {
	return value(func(r Refusal) string { return base64.StdEncoding.EncodeToString([]byte(of(r.Claims))) })
}

func inUTF16(s string) string {
	var b []byte
	for _, unit := range utf16.Encode([]rune(s)) {
		b = append(b, byte(unit), byte(unit>>8))
	}
	return string(b)
}
