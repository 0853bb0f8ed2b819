package wwwauth

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"
)

// ErrMalformedClaims is wrapped by the errors of Claims: the response is a
// claims challenge, but one that cannot be answered.
var ErrMalformedClaims = errors.New("wwwauth: malformed claims challenge")

// What can be wrong with a claims challenge. The texts quote nothing of it.
var (
	errNoClaims   = malformed("it has no claims")
	errTwoErrors  = malformed("it has two errors that differ")
	errTwoClaims  = malformed("it has two claims that differ")
	errLongClaims = malformed(fmt.Sprintf("its claims are longer than %d bytes", MaxClaimsBytes))
	errNotBase64  = malformed("its claims are neither base64 nor a JSON object")
	errNotUTF8    = malformed("its claims are not UTF-8 text")
	errNotObject  = malformed("its claims are not one JSON object")
	errDeepClaims = malformed(fmt.Sprintf("its claims nest deeper than %d levels", MaxClaimsDepth))
)

func malformed(why string) error { return fmt.Errorf("%w: %s", ErrMalformedClaims, why) }

// Claims returns the claims of a claims challenge: one JSON object, as text,
// decoded and otherwise unchanged, for MSAL's WithClaims. It returns "" and no
// error if resp is no claims challenge, and an error that wraps
// [ErrMalformedClaims] if it is one whose claims cannot be used.
//
// A claims challenge is a response of status 401 with a challenge of the
// scheme Bearer that has error="insufficient_claims" and claims, as described
// at https://learn.microsoft.com/entra/identity-platform/claims-challenge.
// Claims may be in base64 of either alphabet, padded or not, or the JSON text
// itself. Of several claims challenges the first that can be used counts.
//
// The body of resp is not touched. A nil resp is no claims challenge.
func Claims(resp *http.Response) (string, error) {
	f := find(resp)
	return f.claims, f.err
}

// A finding is the claims challenge of a response, if it has one.
type finding struct {
	claims      string // decoded
	description string // what the server says about it; untrusted
	err         error  // why the claims cannot be used
}

// find returns the first claims challenge of resp that can be used, or else
// the first that cannot.
func find(resp *http.Response) finding {
	if resp == nil || resp.StatusCode != http.StatusUnauthorized {
		return finding{}
	}
	var first finding
	var b bearer
	r := read(resp.Header["Www-Authenticate"])
	for {
		e := r.next()
		switch e.kind {
		case scheme, end:
			f := b.finding()
			if f.claims != "" {
				return f
			}
			if first.err == nil {
				first = f
			}
			if e.kind == end {
				return first
			}
			b = bearer{is: equalFold(e.name, "Bearer")}
		case param:
			if b.is {
				b.param(e.name, e.value)
			}
		}
	}
}

// A bearer gathers what a claims challenge needs of one challenge.
type bearer struct {
	is                             bool // Bearer, not another scheme
	errors, insufficient           int  // how many error parameters; how many of them insufficient_claims
	hasClaims, differ, hasDescript bool
	claims, description            value
}

func (b *bearer) param(name string, v value) {
	switch {
	case equalFold(name, "error"):
		b.errors++
		if equalFold(v.text(), "insufficient_claims") {
			b.insufficient++
		}
	case equalFold(name, "claims"):
		if b.hasClaims && v.text() != b.claims.text() {
			b.differ = true
		}
		if !b.hasClaims {
			b.hasClaims, b.claims = true, v
		}
	case equalFold(name, "error_description"), equalFold(name, "errorDescription"):
		if !b.hasDescript {
			b.hasDescript, b.description = true, v
		}
	}
}

func (b *bearer) finding() finding {
	if b.insufficient == 0 {
		return finding{}
	}
	f := finding{description: b.description.text()}
	switch {
	case b.insufficient != b.errors:
		f.err = errTwoErrors
	case b.differ:
		f.err = errTwoClaims
	default:
		f.claims, f.err = decode(b.claims.text())
	}
	return f
}

// decode returns the text of a claims parameter, if it may be used.
func decode(s string) (string, error) {
	s = strings.Trim(s, " \t")
	if s == "" {
		return "", errNoClaims
	}
	if s[0] != '{' {
		var err error
		if s, err = decodeBase64(s); err != nil {
			return "", err
		}
	}
	if len(s) > MaxClaimsBytes {
		return "", errLongClaims
	}
	if !utf8.ValidString(s) {
		return "", errNotUTF8
	}
	if err := checkObject(s); err != nil {
		return "", err
	}
	return s, nil
}
