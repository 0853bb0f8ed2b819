package entratest

import (
	"encoding/base64"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"unicode/utf16"
)

// The malformed forms: challenges with error insufficient_claims whose claims
// nobody can use. A client must neither act on them nor come to harm.
const (
	TruncatedForm       ChallengeForm = "malformed-truncated"        // the header ends within the claims
	UnclosedForm        ChallengeForm = "malformed-unclosed"         // the closing quote is missing
	BackslashForm       ChallengeForm = "malformed-backslash"        // a lone backslash in the place of the closing quote
	OverpaddedForm      ChallengeForm = "malformed-overpadded"       // one "=" too many
	PaddedWithinForm    ChallengeForm = "malformed-padded-within"    // "=" in the middle
	OddLengthForm       ChallengeForm = "malformed-odd-length"       // base64 of a length that there is not
	PercentPaddingForm  ChallengeForm = "malformed-percent-padding"  // "%3D" for "="
	PercentEncodedForm  ChallengeForm = "malformed-percent-encoded"  // percent-encoded JSON, no base64
	TwiceEncodedForm    ChallengeForm = "malformed-twice-encoded"    // base64 of base64
	RawJSONForm         ChallengeForm = "malformed-raw-json"         // JSON whose quotes end the value
	ArrayForm           ChallengeForm = "malformed-array"            // a JSON array
	NotJSONForm         ChallengeForm = "malformed-not-json"         // base64 of something else
	TrailingGarbageForm ChallengeForm = "malformed-trailing-garbage" // an object and more
	SingleQuotesForm    ChallengeForm = "malformed-single-quotes"    // 'JSON' of JavaScript
	ByteOrderMarkForm   ChallengeForm = "malformed-byte-order-mark"  // a BOM before the object
	UTF16Form           ChallengeForm = "malformed-utf16"            // UTF-16 text
	NotUTF8Form         ChallengeForm = "malformed-not-utf8"         // an encoded surrogate half
	DeepForm            ChallengeForm = "malformed-deep"             // nested a thousand deep
	LargeForm           ChallengeForm = "malformed-large"            // 16 KiB of claims
)

// MalformedForms returns all malformed forms, sorted.
func MalformedForms() []ChallengeForm { return slices.Sorted(maps.Keys(malformed)) }

// malformed make WWW-Authenticate headers.
var malformed = map[ChallengeForm]func(refusal) string{
	TruncatedForm: func(r refusal) string { h := genericHeader(r); return h[:len(h)-len(r.standard())/2] },
	UnclosedForm:  func(r refusal) string { return strings.TrimSuffix(genericHeader(r), `"`) },
	BackslashForm: func(r refusal) string { return strings.TrimSuffix(genericHeader(r), `"`) + `\` },

	OverpaddedForm:     value(func(r refusal) string { return strings.TrimRight(r.standard(), "=") + "===" }),
	PaddedWithinForm:   value(func(r refusal) string { b := r.standard(); return b[:10] + "=" + b[10:] }),
	OddLengthForm:      value(func(refusal) string { return "e" }),
	PercentPaddingForm: value(func(r refusal) string { return strings.TrimRight(r.standard(), "=") + "%3D" }),
	PercentEncodedForm: value(func(r refusal) string { return url.QueryEscape(r.claims) }),
	TwiceEncodedForm:   value(func(r refusal) string { return base64.StdEncoding.EncodeToString([]byte(r.standard())) }),
	RawJSONForm:        value(func(r refusal) string { return r.claims }),

	ArrayForm:           text(func(claims string) string { return "[" + claims + "]" }),
	NotJSONForm:         text(func(string) string { return "testing1" }),
	TrailingGarbageForm: text(func(claims string) string { return claims + "x" }),
	SingleQuotesForm:    text(func(claims string) string { return strings.ReplaceAll(claims, `"`, "'") }),
	ByteOrderMarkForm:   text(func(claims string) string { return "\ufeff" + claims }),
	UTF16Form:           text(inUTF16),
	NotUTF8Form:         text(func(string) string { return "{\"access_token\":{\"a\":\"\xed\xa0\x80\"}}" }),
	DeepForm:            text(func(string) string { return strings.Repeat(`{"a":`, 1000) + "1" + strings.Repeat("}", 1000) }),
	LargeForm:           text(func(string) string { return `{"access_token":{"a":"` + strings.Repeat("x", 16<<10) + `"}}` }),
}

// value is GenericForm with something else in the place of the claims.
func value(of func(refusal) string) func(refusal) string {
	return func(r refusal) string {
		return fmt.Sprintf(`Bearer realm="", authorization_uri="%s", error="insufficient_claims", claims="%s"`, r.authorize(), of(r))
	}
}

// text is GenericForm with the base64 of something else.
func text(of func(claims string) string) func(refusal) string {
	return value(func(r refusal) string { return base64.StdEncoding.EncodeToString([]byte(of(r.claims))) })
}

func inUTF16(s string) string {
	var b []byte
	for _, unit := range utf16.Encode([]rune(s)) {
		b = append(b, byte(unit), byte(unit>>8))
	}
	return string(b)
}
