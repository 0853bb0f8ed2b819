package entratest

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// An aadError is an error of the authority, in Entra's terms.
type aadError struct {
	aadsts         int
	code, suberror string // OAuth error, Entra's suberror
	subcode        string // error_subcode, only at the authorize endpoint
	text           string
	claims         string // "": none
	status         int    // 0: what goes with code
}

// aad makes the error of a code; args complete its text.
func aad(aadsts int, args ...any) *aadError {
	e, ok := errorTable[aadsts]
	if !ok {
		return &aadError{aadsts: aadsts, code: "invalid_request", text: "An error of the test's choice."}
	}
	return &aadError{aadsts: aadsts, code: e.code, suberror: e.suberror, text: sprintf(e.text, args)}
}

// sprintf makes up for what args lack, as a fault names a code and no arguments,
// and leaves out what the text does not tell.
func sprintf(format string, args []any) string {
	n := countVerbs(format)
	for len(args) < n {
		args = append(args, "?")
	}
	return fmt.Sprintf(format, args[:n]...)
}

func countVerbs(format string) (n int) {
	for _, c := range format {
		if c == '%' {
			n++
		}
	}
	return n
}

// as returns e under another OAuth error: the authorize endpoint names some
// things differently than the token endpoint.
func (e *aadError) as(code, suberror string) *aadError {
	e.code, e.suberror = code, suberror
	return e
}

func (e *aadError) httpStatus() int {
	switch {
	case e.status != 0:
		return e.status
	case e.code == "invalid_client":
		return http.StatusUnauthorized
	case e.code == "temporarily_unavailable":
		return http.StatusServiceUnavailable
	}
	return http.StatusBadRequest
}

// describe returns error_description: the text with what a support engineer
// would need.
func (e *aadError) describe(x *exchange) string {
	return fmt.Sprintf("AADSTS%d: %s\r\nTrace ID: %s\r\nCorrelation ID: %s\r\nTimestamp: %s",
		e.aadsts, e.said(x.s), x.traceID, x.rec.CorrelationID, timestamp(x.s.entraNow()))
}

// said is the text, with the tenant's id.
func (e *aadError) said(s *Server) string { return strings.ReplaceAll(e.text, "{tenant}", s.tenantID) }

func timestamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05Z") }

// fail answers with e as JSON, in the form of the token endpoint.
func (x *exchange) fail(e *aadError) {
	x.note(e)
	body := map[string]any{
		"error":             e.code,
		"error_description": e.describe(x),
		"error_codes":       []int{e.aadsts},
		"timestamp":         timestamp(x.s.entraNow()),
		"trace_id":          x.traceID,
		"correlation_id":    x.rec.CorrelationID,
		"error_uri":         fmt.Sprintf("%s/error?code=%d", x.s.loginOrigin(x.r), e.aadsts),
	}
	if e.suberror != "" {
		body["suberror"] = e.suberror
	}
	if e.claims != "" {
		body["claims"] = e.claims
	}
	x.Header().Set("x-ms-clitelem", fmt.Sprintf("1,%d,0,,", e.aadsts))
	x.json(e.httpStatus(), body)
}

// note puts e into the record of the request.
func (x *exchange) note(e *aadError) {
	x.rec.Error, x.rec.Suberror, x.rec.AADSTS = e.code, e.suberror, e.aadsts
}
