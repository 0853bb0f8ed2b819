package entra

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"

	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/tokensource/internal/engine"
)

// CodeOf reads an authorize response (RFC 6749 sections 4.1.2 and 4.1.2.1).
func CodeOf(form url.Values) (string, error) {
	code := form.Get("code")
	switch {
	case form.Has("error"):
		return "", refused(form)
	case code == "":
		return "", &msalcae.Error{Err: errors.New("the sign-in page sent neither a code nor an error")}
	}
	return code, nil
}

var correlation = regexp.MustCompile(`Correlation ID: ([0-9a-fA-F-]{36})`)

// refused describes an error of the authorize endpoint. Its description may
// name people and is left out, but for Entra's code and correlation id.
func refused(form url.Values) error {
	description := form.Get("error_description")
	e := &msalcae.Error{
		Code:   word(form.Get("error")),
		AADSTS: codesIn(description),
	}
	if m := correlation.FindStringSubmatch(description); m != nil {
		e.CorrelationID = m[1]
	}
	switch {
	case e.Code == "access_denied" || form.Get("error_subcode") == "cancel":
		e.Err = engine.ErrDeclined
	case misconfigured(e.Code):
		e.Err = fmt.Errorf("%w: %s", msalcae.ErrMisconfigured, advice(e.Code))
	case e.Code == "":
		e.Err = errors.New("the sign-in page sent an error that cannot be read")
	}
	return e
}
