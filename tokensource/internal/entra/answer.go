package entra

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	msalerrors "github.com/AzureAD/microsoft-authentication-library-for-go/apps/errors"
	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/tokensource/internal/engine"
)

// A statusError is an answer of Entra's that is no token.
type statusError struct {
	status int
	host   string
}

func (e *statusError) Error() string {
	return strings.TrimSpace(fmt.Sprintf("%s answered HTTP %d %s", e.host, e.status, http.StatusText(e.status)))
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
	_ = json.Unmarshal(bodyOf(c), &body) // an element of another type spoils no other
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
	case e.Code == "authorization_declined": // RFC 8628 has access_denied
		e.Err = engine.ErrDeclined
	case e.Code == "expired_token":
		e.Err = ErrCodeHasExpired
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

// bodyOf returns the body of an answer. Where MSAL has read it itself, it is
// still in the error's text, behind a line with the status.
func bodyOf(c msalerrors.CallErr) []byte {
	var data []byte
	if c.Resp.Body != nil {
		data, _ = io.ReadAll(io.LimitReader(c.Resp.Body, maxBody))
	}
	if len(data) == 0 && c.Err != nil {
		_, text, _ := strings.Cut(c.Err.Error(), "\n")
		data = []byte(text)
	}
	return data
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
