package wwwauth

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"
)

// ErrMalformedClaims is wrapped by the errors of Claims: a claims challenge
// that cannot be answered. Their texts say what is wrong with it and quote
// nothing of it.
var ErrMalformedClaims = errors.New("wwwauth: malformed claims challenge")

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
// decoded and otherwise unchanged, which MSAL's WithClaims takes. It returns ""
// and no error if resp is no claims challenge, and an error that wraps
// [ErrMalformedClaims] if it is one that cannot be used.
//
// A claims challenge is a response of status 401 with a challenge of the scheme
// Bearer that has error="insufficient_claims" and claims, as described at
// https://learn.microsoft.com/entra/identity-platform/claims-challenge. The
// claims are in base64 of either alphabet, padded or not, or they are the JSON
// text itself. Of several claims challenges the first that can be used counts.
//
// The body of resp is not touched. A nil resp is no claims challenge.
func Claims(resp *http.Response) (string, error) {
	f := find(resp)
	return f.claims, f.err
}

// A finding is the claims challenge of a response, if it has one.
type finding struct {
	claims      string // decoded
	description value  // what the server says about it
	err         error  // why the claims cannot be used
}

// find returns the first claims challenge of resp that can be used, or else
// the first that cannot.
func find(resp *http.Response) finding {
	if resp == nil || resp.StatusCode != http.StatusUnauthorized {
		return finding{}
	}
	var unusable finding
	var b bearer
	sc := scan(resp.Header["Www-Authenticate"])
	for {
		switch found := sc.next(); found {
		case param:
			b.param(sc.name, sc.value)
		case scheme, end:
			f := b.finding()
			if f.claims != "" {
				return f
			}
			if unusable.err == nil {
				unusable = f
			}
			if found == end {
				return unusable
			}
			b = bearer{is: equalFold(sc.name, "Bearer")}
		}
	}
}

// A bearer gathers what matters of one challenge.
type bearer struct {
	is           bool // of the scheme Bearer
	insufficient bool // has error="insufficient_claims"
	otherError   bool // has another error
	hasClaims    bool
	otherClaims  bool // has claims that differ from the first
	claims       value
	described    bool
	description  value
}

func (b *bearer) param(name string, v value) {
	switch name {
	case "error":
		if equalFold(v.text(), "insufficient_claims") {
			b.insufficient = true
		} else {
			b.otherError = true
		}
	case "claims":
		if !b.hasClaims {
			b.hasClaims, b.claims = true, v
		} else if !b.otherClaims {
			b.otherClaims = v.text() != b.claims.text()
		}
	case "error_description", "errordescription": // Graph has sent both
		if !b.described {
			b.described, b.description = true, v
		}
	}
}

// finding returns what has been gathered, if it is a claims challenge.
func (b *bearer) finding() finding {
	if !b.is || !b.insufficient {
		return finding{}
	}
	f := finding{description: b.description}
	switch {
	case b.otherError:
		f.err = errTwoErrors
	case b.otherClaims:
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
	plain := s[0] == '{'
	if !plain {
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
	if plain {
		s = strings.Clone(s) // whoever keeps the claims does not keep the header
	}
	return s, nil
}

// standard turns the URL alphabet of base64 (RFC 4648 section 5) into the
// standard one and drops blanks, which a folded header leaves.
var standard = strings.NewReplacer("-", "+", "_", "/", " ", "", "\t", "")

// decodeBase64 decodes base64 of either alphabet, with padding, with less than
// there should be, or with none.
func decodeBase64(s string) (string, error) {
	s = standard.Replace(s)
	digits := strings.TrimRight(s, "=")
	if len(s)-len(digits) > (4-len(digits)%4)%4 {
		return "", errNotBase64
	}
	b, err := base64.RawStdEncoding.DecodeString(digits)
	if err != nil {
		return "", errNotBase64
	}
	return string(b), nil
}
