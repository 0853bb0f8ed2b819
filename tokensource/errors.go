package tokensource

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"time"

	msalerrors "github.com/AzureAD/microsoft-authentication-library-for-go/apps/errors"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
	"github.com/msalcae/msalcae"
)

// ErrDeclined is wrapped by the error of a sign-in that the person, or a
// policy in their stead, declined. A Prompt of the caller's own returns an
// error that wraps it when somebody chose not to sign in.
var ErrDeclined = errors.New("msalcae: the sign-in was declined")

// ErrNoBrowser is wrapped, beside msalcae.ErrInteractionRequired, by the error
// of a Browser on a machine that has none to open.
var ErrNoBrowser = errors.New("msalcae: no browser can be opened")

// A statusError is an answer of Entra's that is no token.
type statusError struct {
	status int
	host   string
}

func (e *statusError) Error() string {
	return strings.TrimSpace(fmt.Sprintf("%s answered HTTP %d %s", e.host, e.status, http.StatusText(e.status)))
}

// typed turns what MSAL returned into an error whose text and chain hold no
// secret: MSAL's own carry the request with the client's credentials
// (errors.CallErr) or a whole answer with its tokens (errors.InvalidJsonErr).
func typed(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	var ours *msalcae.Error
	if errors.As(err, &ours) {
		return ours
	}
	var answer msalerrors.CallErr
	if errors.As(err, &answer) {
		return answered(answer)
	}
	if ended := ctx.Err(); ended != nil {
		return &msalcae.Error{Err: fmt.Errorf("the token request was given up before it was answered: %w", ended)}
	}
	var garbage msalerrors.InvalidJsonErr
	if errors.As(err, &garbage) || strings.Contains(err.Error(), textNoAccessToken) {
		return &msalcae.Error{Err: errors.New("the answer of Entra's token endpoint could not be read; something between here and Entra may have changed it")}
	}
	var network *url.Error
	if errors.As(err, &network) {
		return unreachable(network)
	}
	for _, own := range []error{msalcae.ErrMisconfigured, msalcae.ErrInteractionRequired, msalcae.ErrAccountMismatch, ErrDeclined} {
		if errors.Is(err, own) {
			return err
		}
	}
	return other(err)
}

// answered reads an answer with a status other than 200 (RFC 6749 section 5.2
// with Entra's additions).
func answered(c msalerrors.CallErr) *msalcae.Error {
	status := &statusError{host: "Entra"}
	discovery := false
	if c.Req != nil && c.Req.URL != nil {
		status.host = c.Req.URL.Host
		discovery = strings.HasSuffix(c.Req.URL.Path, wellKnown)
	}
	e := &msalcae.Error{}
	if c.Resp == nil {
		e.Err = status
		return e
	}
	status.status, e.Status = c.Resp.StatusCode, c.Resp.StatusCode
	e.RetryAfter = retryAfter(c.Resp.Header, time.Now())
	var body struct {
		Error         string        `json:"error"`
		Suberror      string        `json:"suberror"`
		Description   string        `json:"error_description"`
		Codes         []json.Number `json:"error_codes"`
		Claims        string        `json:"claims"`
		CorrelationID string        `json:"correlation_id"`
	}
	if c.Resp.Body != nil {
		// An element of another type spoils no other.
		data, _ := io.ReadAll(io.LimitReader(c.Resp.Body, maxBody))
		_ = json.Unmarshal(data, &body)
	}
	e.Code, e.Suberror = word(body.Error), word(body.Suberror)
	e.CorrelationID = word(body.CorrelationID)
	for _, code := range body.Codes {
		if n, err := strconv.Atoi(code.String()); err == nil && n > 0 {
			e.AADSTS = append(e.AADSTS, n)
		}
	}
	if e.AADSTS == nil {
		e.AADSTS = codesIn(body.Description)
	}
	if len(body.Claims) <= maxClaims && isObject(body.Claims) {
		e.Claims = body.Claims
	}
	switch {
	case status.status >= 300 && status.status < 400:
		e.Err = fmt.Errorf("%w: a redirect, which is not followed with credentials", status)
	case misconfigured(e.Code):
		e.Err = fmt.Errorf("%w: %s", msalcae.ErrMisconfigured, advice(e.Code))
	case discovery && status.status == http.StatusNotFound:
		e.Err = fmt.Errorf("%w: there is no discovery document (%w); %s", msalcae.ErrMisconfigured, status, advice(""))
	case e.Code == "":
		e.Err = status
	}
	return e
}

// maxClaims is the size of the largest claims challenge that is forwarded.
const maxClaims = 8 << 10

// misconfigured reports whether an OAuth error is about the program rather
// than about a person or the moment.
func misconfigured(code string) bool { return code != "" && advice(code) != advice("") }

func advice(code string) string {
	switch code {
	case "invalid_client":
		return "check the client's secret, certificate or assertion"
	case "unauthorized_client":
		return "check the client id, and that the application is known and enabled in this tenant"
	case "invalid_scope", "invalid_resource":
		return "check the scopes, and that their resource is known in this tenant"
	case "invalid_tenant", "invalid_instance":
		return "check the tenant in the authority"
	case "invalid_request", "unsupported_grant_type", "unsupported_response_type":
		return "check how the application is registered"
	}
	return "check the authority"
}

// retryAfter reads Retry-After in either form (RFC 9110 section 10.2.3); at
// most an hour, as MSAL for .NET and for Node have it.
func retryAfter(h http.Header, now time.Time) time.Duration {
	v := strings.TrimSpace(h.Get("Retry-After"))
	var after time.Duration
	if n, err := strconv.ParseUint(v, 10, 32); err == nil {
		after = time.Duration(n) * time.Second
	} else if at, err := http.ParseTime(v); err == nil {
		after = at.Sub(now)
	}
	return min(max(after, 0), time.Hour)
}

// word returns s if it is a plain name or number, as the fields of an OAuth
// error are; else nothing, so that no answer can plant text in ours.
func word(s string) string {
	if len(s) > 64 || strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") != "" {
		return ""
	}
	return s
}

var aadsts = regexp.MustCompile(`AADSTS([0-9]{2,9})`)

// codesIn finds Entra's code in a description, where authorize responses and
// older answers have it.
func codesIn(description string) []int {
	m := aadsts.FindStringSubmatch(description)
	if m == nil {
		return nil
	}
	n, _ := strconv.Atoi(m[1])
	return []int{n}
}

func isObject(s string) bool {
	var o map[string]json.RawMessage
	return json.Unmarshal([]byte(s), &o) == nil && o != nil
}

// unreachable describes a request without an answer. The URL is kept without
// its query; net/http's own text never has a request's body or headers.
func unreachable(e *url.Error) error {
	if errors.Is(e.Err, msalcae.ErrMisconfigured) {
		return &msalcae.Error{Err: e.Err}
	}
	place := "an address"
	if u, err := url.Parse(e.URL); err == nil {
		place = u.Scheme + "://" + u.Host + u.EscapedPath()
	}
	clean := &url.Error{Op: e.Op, URL: place, Err: e.Err}
	if e.Timeout() {
		return &msalcae.Error{Err: fmt.Errorf("Entra did not answer in time: %w", clean)}
	}
	return &msalcae.Error{Err: fmt.Errorf("Entra could not be reached: %w", clean)}
}

// Texts that MSAL 1.10.1 has no types for. A test holds them against MSAL.
const (
	textNoToken       = "no token found"
	textNoAccessToken = "response is missing access_token"
	textDeclined      = "token response failed because declined scopes are present: "
)

// secretLike matches what may be a token, a code or a secret.
var secretLike = regexp.MustCompile(`[A-Za-z0-9_~.+=-]{40,}`)

// other handles errors without a type that we know: MSAL's plain texts, and
// those of callbacks, which are passed on with their chain unless a link of it
// says something that looks like a secret.
func other(err error) error {
	text := strings.Join(strings.Fields(err.Error()), " ")
	if text == textNoToken {
		return errNoRefreshToken
	}
	if scopes, ok := strings.CutPrefix(text, textDeclined); ok {
		return &msalcae.Error{Err: fmt.Errorf("Entra granted other scopes than were asked for (%s are missing); ask for them as Entra spells them", secretLike.ReplaceAllString(scopes, "REDACTED"))}
	}
	var net interface{ Timeout() bool }
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &net) && net.Timeout() {
		return &msalcae.Error{Err: fmt.Errorf("the answer of Entra broke off: %w", oneLine{text, err})}
	}
	if e := inText(text); e != nil {
		return e
	}
	if clean := secretLike.ReplaceAllString(text, "REDACTED"); clean != text || len(clean) > 500 {
		return &msalcae.Error{Err: errors.New("MSAL failed: " + clean[:min(len(clean), 500)])}
	}
	return &msalcae.Error{Err: fmt.Errorf("MSAL failed: %w", oneLine{text, err})}
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

// A kindError is a sentence of ours that is errors.Is of several kinds.
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

// Callees that may panic, for the error that says so.
const (
	inMSAL   = "MSAL, or a callback or client of yours below it,"
	inPrompt = "the Prompt"
	inOpen   = "Browser.Open"
)

// guard calls what is not ours and turns a panic into an error: MSAL 1.10.1
// panics on claims that are null, on clients that were not built by New, and
// wherever a callback does.
func guard[T any](callee string, f func() (T, error)) (result T, err error) {
	defer func() {
		if p := recover(); p != nil {
			what := fmt.Sprintf("%T", p) // a value may hold anything
			if re, ok := p.(runtime.Error); ok {
				what = re.Error()
			}
			err = &msalcae.Error{Err: fmt.Errorf("%s panicked (%s)", callee, what)}
		}
	}()
	return f()
}

// tokenOf runs one acquisition of MSAL's. A token that comes with an error is
// good: MSAL returns both when it had a valid token and failed to refresh it
// ahead of time.
func tokenOf(ctx context.Context, acquire func() (public.AuthResult, error)) (public.AuthResult, error) {
	res, err := guard(inMSAL, acquire)
	var network *url.Error
	if err != nil && ctx.Err() == nil && errors.Is(err, context.Canceled) && errors.As(err, &network) && network.Op == "Get" {
		// MSAL fetches discovery documents on the context of whoever came
		// first, and fails all who wait when that one is cancelled.
		res, err = guard(inMSAL, acquire)
	}
	switch {
	case res.AccessToken != "" && (err == nil || time.Now().Before(res.ExpiresOn)):
		return res, nil
	case err == nil:
		return res, &msalcae.Error{Err: errors.New("MSAL returned neither a token nor an error")}
	}
	return public.AuthResult{}, typed(ctx, err)
}

func toToken(res public.AuthResult) *msalcae.Token {
	return &msalcae.Token{Value: res.AccessToken, ExpiresOn: res.ExpiresOn, RefreshOn: res.Metadata.RefreshOn}
}
