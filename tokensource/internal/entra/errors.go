package entra

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	msalerrors "github.com/AzureAD/microsoft-authentication-library-for-go/apps/errors"
	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/tokensource/internal/engine"
)

// ErrCodeHasExpired is the error of a sign-in whose code nobody entered.
var ErrCodeHasExpired = OfKinds("nobody entered the code before it expired; start the sign-in again", engine.ErrCodeExpired, context.DeadlineExceeded)

// ErrNoRefreshToken says that MSAL's cache cannot help without a person.
var ErrNoRefreshToken = fmt.Errorf("%w: the cache has no refresh token for this account; call SignIn of the same Public with these scopes, or give it a Prompt", msalcae.ErrInteractionRequired)

// Typed turns what MSAL returned into an error whose text and chain hold no
// secret: MSAL's own carry the request with the client's credentials
// (errors.CallErr) or a whole answer with its tokens (errors.InvalidJsonErr).
func Typed(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	var answer msalerrors.CallErr
	if errors.As(err, &answer) {
		return answered(answer)
	}
	var garbage msalerrors.InvalidJsonErr
	if errors.As(err, &garbage) || strings.Contains(err.Error(), textNoAccessToken) {
		return &msalcae.Error{Err: errors.New("Entra's answer could not be read; something between here and Entra may have changed it")}
	}
	if e := outermost(err); e != nil {
		return e
	}
	if ended := ctx.Err(); ended != nil {
		return &msalcae.Error{Err: fmt.Errorf("the token request was given up before it was answered: %w", ended)}
	}
	var broken *brokenOff
	if errors.As(err, &broken) {
		return &msalcae.Error{Err: &brokenOff{Clean(broken.err)}}
	}
	var network *url.Error
	if errors.As(err, &network) {
		return unreachable(network)
	}
	for _, own := range []error{msalcae.ErrMisconfigured, msalcae.ErrInteractionRequired, msalcae.ErrAccountMismatch, engine.ErrDeclined} {
		if errors.Is(err, own) {
			return err
		}
	}
	return other(err)
}

// outermost returns the first error of ours on err's chain.
func outermost(err error) error {
	var answer *msalcae.Error
	var kind *kindError
	switch answered := errors.As(err, &answer); {
	case errors.As(err, &kind) && !(answered && errors.Is(answer, kind)):
		return kind
	case answered:
		return answer
	}
	return nil
}

// unreachable describes a request without an answer. The URL is kept without
// its query; net/http's own text never has a request's body or headers.
func unreachable(e *url.Error) error {
	if errors.Is(e.Err, msalcae.ErrMisconfigured) {
		return &msalcae.Error{Err: e.Err}
	}
	clean := WithoutQuery(e)
	if e.Timeout() {
		return &msalcae.Error{Err: fmt.Errorf("Entra did not answer in time: %w", clean)}
	}
	return &msalcae.Error{Err: fmt.Errorf("Entra could not be reached: %w", clean)}
}

// WithoutQuery returns an error of net/http's without the query of its URL, in
// which a secret may be, and without what it quotes of the answer.
func WithoutQuery(err error) error {
	var e *url.Error
	if !errors.As(err, &e) {
		return err
	}
	place := "an address"
	if u, err := url.Parse(e.URL); err == nil {
		place = u.Scheme + "://" + u.Host + u.EscapedPath()
	}
	return &url.Error{Op: e.Op, URL: place, Err: unquoted(e.Err)}
}

var (
	quotesAnswer = regexp.MustCompile(`(malformed|failed to parse|bad Content-Length|transfer encoding|GOAWAY).*"`)
	quoted       = regexp.MustCompile(`"(\\.|[^"\\])*"`)
)

// unquoted leaves out what an error quotes of an answer that is no HTTP: it may
// repeat what it answers.
func unquoted(err error) error {
	if text := err.Error(); quotesAnswer.MatchString(text) {
		return errors.New(quoted.ReplaceAllString(text, "..."))
	}
	return err
}

// A brokenOff is an answer of which only the beginning came.
type brokenOff struct{ err error }

func (e *brokenOff) Error() string { return "the answer of Entra broke off: " + e.err.Error() }
func (e *brokenOff) Unwrap() error { return e.err }

// Passing reports whether err, which Typed returned, is of the moment: Entra has
// no time, or the network failed. rest is how long Entra wants to be left alone.
func Passing(err error) (rest time.Duration, passing bool) {
	var answer *msalcae.Error
	switch {
	case !errors.As(err, &answer), errors.Is(err, msalcae.ErrMisconfigured):
		return 0, false
	case answer.Status == http.StatusRequestTimeout, answer.Status == http.StatusTooManyRequests, answer.Status >= 500:
		return answer.RetryAfter, true
	}
	return 0, answer.Status == 0 && (errors.As(err, new(*url.Error)) || errors.As(err, new(*brokenOff)))
}

// Texts that MSAL 1.10.1 has no types for. A test holds them against MSAL.
const (
	textNoToken       = "no token found"
	textNoAccessToken = "response is missing access_token"
	textDeclined      = "token response failed because declined scopes are present: "
	textPartitioned   = "Unmarshal(*storage.InMemoryContract) "
	textShortLived    = "access token is expired"
)

// secretLike matches what may be a token, a code or a secret.
var secretLike = regexp.MustCompile(`[A-Za-z0-9_~.+=-]{40,}`)

// other handles errors without a type that we know: MSAL's plain texts, and
// those of callbacks, which are passed on with their chain unless a link of it
// says something that looks like a secret.
func other(err error) error {
	text := strings.Join(strings.Fields(err.Error()), " ")
	if text == textNoToken {
		return ErrNoRefreshToken
	}
	if strings.HasPrefix(text, textPartitioned) {
		return fmt.Errorf("%w: MSAL Go 1.10.1 cannot keep users' tokens of the on-behalf-of flow in an external cache; use NewConfidential, or put an Accessor between the client and that cache", msalcae.ErrMisconfigured)
	}
	if text == textShortLived {
		return &msalcae.Error{Err: errors.New("Entra issued a token that lives for less than five minutes, which MSAL refuses in the on-behalf-of flow; check the token lifetime policies, and both clocks")}
	}
	if scopes, ok := strings.CutPrefix(text, textDeclined); ok {
		return &msalcae.Error{Err: fmt.Errorf("Entra granted other scopes than were asked for (%s are missing); ask for them as Entra spells them", secretLike.ReplaceAllString(scopes, "REDACTED"))}
	}
	var timeout interface{ Timeout() bool }
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &timeout) && timeout.Timeout() {
		return &msalcae.Error{Err: &brokenOff{oneLine{text, err}}}
	}
	if e := inText(text); e != nil {
		return e
	}
	return &msalcae.Error{Err: fmt.Errorf("MSAL failed: %w", Clean(err))}
}

// Clean returns the error of a callback in one line: with its chain, unless a
// link of it says something that looks like a secret, or goes on for long.
func Clean(err error) error {
	if errors.As(err, new(msalerrors.CallErr)) || errors.As(err, new(msalerrors.InvalidJsonErr)) {
		return Typed(context.Background(), err)
	}
	text := strings.TrimPrefix(strings.Join(strings.Fields(err.Error()), " "), "msalcae: ")
	if clean := secretLike.ReplaceAllString(text, "REDACTED"); clean != text || len(clean) > 500 {
		return errors.New(clean[:min(len(clean), 500)])
	}
	return oneLine{text, err}
}

// inText reads an OAuth error that came with status 200, which MSAL returns as
// "code: description"; nil if text is none. The description is left out.
func inText(text string) *msalcae.Error {
	text = strings.TrimPrefix(text, "could not retrieve token from auth code: ")
	code, description, ok := strings.Cut(text, ": ")
	if !ok {
		return nil
	}
	switch code {
	case "interaction_required", "login_required", "consent_required", "invalid_grant", "access_denied", "temporarily_unavailable", "server_error":
		return &msalcae.Error{Status: http.StatusOK, Code: code, AADSTS: codesIn(description)}
	}
	if !misconfigured(code) {
		return nil
	}
	return &msalcae.Error{Status: http.StatusOK, Code: code, AADSTS: codesIn(description), Err: fmt.Errorf("%w: %s", msalcae.ErrMisconfigured, advice(code))}
}

// OfKinds returns an error with a sentence of ours that is errors.Is of several
// kinds.
func OfKinds(text string, kinds ...error) error { return &kindError{text, kinds} }

type kindError struct {
	text  string
	kinds []error
}

func (e *kindError) Error() string   { return "msalcae: " + e.text }
func (e *kindError) Unwrap() []error { return e.kinds }

// A oneLine is an error whose text was folded into one line.
type oneLine struct {
	text string
	error
}

func (e oneLine) Error() string { return e.text }
func (e oneLine) Unwrap() error { return e.error }
