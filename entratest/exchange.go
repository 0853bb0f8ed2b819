package entratest

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/msalcae/msalcae/entratest/internal/graph"
	"github.com/msalcae/msalcae/entratest/internal/ids"
	"github.com/msalcae/msalcae/entratest/internal/reply"
)

// An exchange is one request on its way through the server, with its record.
type exchange struct {
	http.ResponseWriter
	s           *Server
	r           *http.Request
	rec         Request
	graphRecord graph.Record  // what the Graph-like API adds to rec
	form        ChallengeForm // of the API
	graph       bool          // the API is the Graph-like one
	traceID     string
	logged      bool
	cut         bool // the answer ends here, unfinished
}

type handler func(x *exchange)

// observe makes h an http.Handler whose requests are counted, recorded and
// subject to faults.
func (s *Server) observe(e Endpoint, h handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := &exchange{ResponseWriter: w, s: s, r: r, traceID: ids.NewGUID(), rec: Request{
			Time:          time.Now(),
			Endpoint:      e,
			Method:        r.Method,
			Path:          bounded(r.URL.Path),
			CorrelationID: correlationID(r),
			TokenSHA256:   tokenHash(e, r),
		}}
		defer x.commit(0)
		s.recorder.arrive(e, x.rec.TokenSHA256 != "")
		h(x)
		if x.cut {
			panic(http.ErrAbortHandler)
		}
		x.commit(http.StatusOK) // net/http's answer for a handler that wrote none
	})
}

// tokenHash is of the credentials that came along, whatever their scheme.
func tokenHash(e Endpoint, r *http.Request) string {
	header := r.Header.Get("Authorization")
	if header == "" || e == TokenEndpoint { // a client may authenticate there
		return ""
	}
	_, value, _ := strings.Cut(header, " ")
	return hashOf(strings.TrimSpace(value))
}

func hashOf(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

func (s *Stats) arrived(e Endpoint, withToken bool) {
	if withToken && e != APIEndpoint && e != TokenEndpoint {
		s.StrayTokens++
	}
	switch e {
	case UploadEndpoint:
		s.UploadRequests++
	case DiscoveryEndpoint:
		s.DiscoveryRequests++
	case AuthorizeEndpoint:
		s.AuthorizeRequests++
	case TokenEndpoint:
		s.TokenRequests++
	case IdentityEndpoint:
		s.IdentityRequests++
	case APIEndpoint:
		s.APICalls++
	}
}

// correlationID is what the client calls the request. Only a GUID is taken
// over, as it goes into headers and pages.
func correlationID(r *http.Request) string {
	for _, id := range []string{r.Header.Get("client-request-id"), r.URL.Query().Get("client-request-id")} {
		if isGUID(id) {
			return id
		}
	}
	return ids.NewGUID()
}

func isGUID(s string) bool {
	return len(s) == 36 && strings.Count(s, "-") == 4 && strings.Trim(s, "0123456789abcdefABCDEF-") == ""
}

// recordForm records what a client asks for.
func (x *exchange) recordForm(form url.Values) {
	x.rec.Grant = bounded(form.Get("grant_type"))
	x.rec.Client = bounded(form.Get("client_id"))
	x.rec.Scopes = strings.Fields(bounded(form.Get("scope")))
	x.rec.Claims = bounded(form.Get("claims"))
	x.rec.Prompt = bounded(form.Get("prompt"))
	x.rec.Account = bounded(form.Get("login_hint"))
}

// bounded keeps the log from growing without limit. What is cut off is more
// than the server accepts.
func bounded(s string) string { return s[:min(len(s), maxParamBytes)] }

// oversized returns the name of a parameter that is too long, or "".
func oversized(form url.Values) string {
	for name, values := range form {
		for _, v := range values {
			if len(v) > maxParamBytes {
				return name
			}
		}
	}
	return ""
}

// WriteHeader completes the record before the client can see the answer.
func (x *exchange) WriteHeader(status int) {
	if status >= 200 {
		x.commit(status)
	}
	x.ResponseWriter.WriteHeader(status)
}

func (x *exchange) Write(p []byte) (int, error) {
	x.commit(http.StatusOK)
	return x.ResponseWriter.Write(p)
}

// Unwrap is for http.ResponseController.
func (x *exchange) Unwrap() http.ResponseWriter { return x.ResponseWriter }

// Flush is for handlers behind Protect that stream.
func (x *exchange) Flush() {
	x.commit(http.StatusOK)
	http.NewResponseController(x.ResponseWriter).Flush()
}

func (x *exchange) commit(status int) {
	if x.logged {
		return
	}
	x.logged = true
	x.rec.Status = status
	x.rec.Error = cmp.Or(x.graphRecord.Error, x.rec.Error)
	x.rec.BodyLength, x.rec.BodySHA256 = x.graphRecord.BodyLength, x.graphRecord.BodySHA256
	if x.rec.Endpoint == APIEndpoint {
		x.rec.Challenge = strings.Join(x.Header().Values("WWW-Authenticate"), ", ")
	}
	if status == http.StatusUnauthorized && strings.Contains(x.rec.Challenge, "insufficient_claims") {
		x.s.recorder.count(func(st *Stats) { st.Challenges++ })
	}
	if x.rec.Endpoint == TokenEndpoint && status >= 400 {
		x.s.recorder.count(func(st *Stats) { st.TokenErrors++ })
	}
	x.s.recorder.Add(x.rec)
}

// entraHeaders are on every answer of the authority.
func (x *exchange) entraHeaders() {
	h := x.Header()
	reply.Date(h, x.s.entraNow())
	h.Set("Cache-Control", "no-store, no-cache")
	h.Set("Pragma", "no-cache")
	h.Set("Expires", "-1")
	h.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("x-ms-request-id", x.traceID)
	h.Set("x-ms-ests-server", "2.1.00000.0 - ENTRATEST")
	if strings.EqualFold(x.r.Header.Get("Return-Client-Request-Id"), "true") {
		h.Set("client-request-id", x.rec.CorrelationID)
	}
}

func (x *exchange) json(status int, body any) {
	reply.JSON(x, x.r, status, body)
}
