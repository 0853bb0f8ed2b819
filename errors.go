package msalcae

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/msalcae/msalcae/wwwauth"
)

// Targets for errors.Is.
var (
	// ErrInteractionRequired: no token can be had until a person signs in.
	ErrInteractionRequired = errors.New("msalcae: a person must sign in")
	// ErrAccountMismatch: somebody signed in, but not the account that was
	// challenged. Nothing of the other account was kept or sent.
	ErrAccountMismatch = errors.New("msalcae: another account than the challenged one signed in")
	// ErrPaused: the source does not ask again yet, to spare Entra or the
	// user; the error's text says for how long.
	ErrPaused = errors.New("msalcae: token requests are paused")
	// ErrNotReplayable: the token was renewed, but the request's body could
	// not be sent a second time. Making the same call again will work.
	ErrNotReplayable = errors.New("msalcae: the request's body cannot be sent a second time")
	// ErrSameToken: Entra issued the very token again that the API refuses.
	ErrSameToken = errors.New("msalcae: Entra issued the refused token again; sign in again or try later")
	// ErrNoToken: a token source returned neither a token nor an error, which
	// is a mistake in the source.
	ErrNoToken = errors.New("msalcae: the token source returned neither a token nor an error")
	// ErrMisconfigured: the program must be changed; waiting or signing in
	// does not help.
	ErrMisconfigured = errors.New("msalcae: misconfigured")
)

// A ChallengeError says that an API asked for other claims and the request
// could not be answered. It takes the place of the API's 401, which it holds.
//
// errors.Is(err, ErrInteractionRequired) tells whether a person must act;
// *Error, found with errors.As, is what Entra answered, if it was asked.
type ChallengeError struct {
	// Claims is the decoded claims challenge, for the next sign-in or to be
	// relayed to this API's own caller. "" if the challenge's claims could
	// not be used; Err then is wwwauth.ErrMalformedClaims.
	Claims string
	// Response is the API's 401. Its body is in memory and need not be
	// closed. Of a body larger than 64 KiB only the beginning is there, and
	// reading past it fails with io.ErrUnexpectedEOF.
	Response *http.Response
	// Err is why the challenge could not be answered.
	Err error
}

// Error says what happened, why, and what can be done.
func (e *ChallengeError) Error() string {
	var b strings.Builder
	b.WriteString("msalcae: the API refused the token")
	if why := wwwauth.Why(e.Response).String(); why != "" {
		b.WriteString(" (" + why + ")")
	}
	if e.Err != nil {
		b.WriteString(": " + inner(e.Err))
	}
	if e.Claims != "" && errors.Is(e.Err, ErrInteractionRequired) && !errors.Is(e.Err, ErrPaused) {
		b.WriteString("; sign in with this error's Claims, or give the source a way to ask")
	}
	return b.String()
}

// Unwrap returns Err.
func (e *ChallengeError) Unwrap() error { return e.Err }

// Timeout reports whether Err is a timeout, as net.Error does.
func (e *ChallengeError) Timeout() bool {
	var t interface{ Timeout() bool }
	return errors.As(e.Err, &t) && t.Timeout()
}

// An Error is what Entra's token endpoint answered instead of a token, or what
// kept it from answering (RFC 6749 section 5.2 with Entra's additions). Its
// text holds no token, secret or raw body.
type Error struct {
	Status        int           // HTTP status of the answer; 0 if there was none
	Code          string        // OAuth error code, such as "invalid_grant"; "" if there was no such answer
	Suberror      string        // Entra's suberror, such as "bad_token"
	AADSTS        []int         // Entra's error codes; for people and logs, not to branch on
	Claims        string        // claims that the next sign-in must carry; "" for none
	CorrelationID string        // for Microsoft's support
	RetryAfter    time.Duration // that Entra asked for; 0 if it did not
	Err           error         // what lies below, without secrets; may be nil
}

// Error gives the codes and what to do.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("msalcae: ")
	switch {
	case e.Code == "" && e.Err != nil:
		b.WriteString(inner(e.Err))
	case e.Code == "":
		b.WriteString("no token was obtained")
	default:
		b.WriteString("Entra answered " + e.Code)
		if e.Suberror != "" {
			b.WriteString("/" + e.Suberror)
		}
	}
	for i, code := range e.AADSTS {
		if i == 0 {
			b.WriteString(" (")
		} else {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "AADSTS%d", code)
	}
	if len(e.AADSTS) > 0 {
		b.WriteString(")")
	}
	switch {
	case e.interaction():
		b.WriteString(": a person must sign in")
	case e.Code != "" && e.Err != nil:
		b.WriteString(": " + inner(e.Err))
	}
	if e.CorrelationID != "" {
		b.WriteString(" [correlation id " + e.CorrelationID + "]")
	}
	return b.String()
}

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// Is makes errors.Is(e, ErrInteractionRequired) true exactly when Entra says
// that a person must act.
func (e *Error) Is(target error) bool {
	return target == ErrInteractionRequired && e.interaction()
}

// interaction follows the classification that MSAL.NET and Entra's guide to
// error handling share: by error and suberror, never by AADSTS code.
func (e *Error) interaction() bool {
	switch e.Code {
	case "interaction_required", "login_required", "consent_required":
		return true
	case "invalid_grant":
		return e.Suberror != "client_mismatch" && e.Suberror != "protection_policy_required"
	}
	return false
}

// inner is the text of an error below ours, without the prefix that repeats.
func inner(err error) string {
	text := strings.TrimPrefix(err.Error(), "msalcae: ")
	return strings.Replace(text, "wwwauth: ", "", 1)
}
