package main

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
)

// What Microsoft Graph's challenges begin with: in the field of Bearer, and of
// PoP that may stand before it.
const (
	graphAuthority = `realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", client_id="00000003-0000-0000-c000-000000000000"`
	graphPoP       = `PoP ` + graphAuthority + `, nonce="eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiIsImtpZCI6IjY3NDYyMDhENkQ5RTgyMkI3NzIxNjcyODg3MTg5OUIwREMzRTU4M0MifQ.eyJ0cyI6MTY5OTkwMDY5OH0.c2lnbmF0dXJl", `
	graphBearer    = `Bearer ` + graphAuthority + `, error_description="Continuous access evaluation resulted in challenge with result: InteractionRequired and code: TokenIssuedBeforeRevocationTimestamp", ` +
		`error="insufficient_claims", claims="`
)

// challengeSince returns Graph's challenge of Bearer with a time of revocation.
func challengeSince(nbf int64) string {
	claims := fmt.Sprintf(`{"access_token":{"nbf":{"essential":true, "value":"%d"}}}`, nbf)
	return graphBearer + base64.StdEncoding.EncodeToString([]byte(claims)) + `"`
}

// An api is a resource that takes part in continuous access evaluation, in
// memory. It is a http.RoundTripper: it takes tokens that are young enough.
type api struct {
	oldest atomic.Int64          // number of the oldest token that it takes
	sends  atomic.Int64          // that came
	nbf    atomic.Int64          // of the last challenge: each has another, as Graph's
	body   func(r *http.Request) // reads the request's body; nil: nobody does
}

// revoke takes away all tokens that the sts has issued.
func (a *api) revoke(s *sts) { a.oldest.Store(s.requests.Load() + 1) }

func (a *api) RoundTrip(req *http.Request) (*http.Response, error) {
	a.sends.Add(1)
	if a.body != nil {
		a.body(req)
	}
	resp := ok(req)
	if a.refuses(req.Header["Authorization"]) {
		resp.StatusCode = http.StatusUnauthorized
		resp.Header = http.Header{"Www-Authenticate": {challengeSince(1604106651 + a.nbf.Add(1))}}
	}
	return resp, nil
}

func (a *api) refuses(authorization []string) bool {
	if len(authorization) == 0 {
		return true
	}
	_, token, _ := strings.Cut(authorization[0], " ")
	number, _, _ := strings.Cut(token, ".")
	n, err := strconv.ParseInt(number, 10, 64)
	return err != nil || n < a.oldest.Load()
}

// ServeHTTP is the same api over a network.
func (a *api) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	resp, _ := a.RoundTrip(req)
	for name, values := range resp.Header {
		w.Header()[name] = values
	}
	w.WriteHeader(resp.StatusCode)
}

// A canned base answers every request with 200 and does nothing else.
type canned struct{}

func (canned) RoundTrip(req *http.Request) (*http.Response, error) { return ok(req), nil }

func ok(req *http.Request) *http.Response {
	return &http.Response{StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{}, Body: http.NoBody, Request: req}
}
