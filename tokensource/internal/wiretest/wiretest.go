// Package wiretest has what tests answer HTTP requests with, in the place of an
// Entra.
package wiretest

import (
	"fmt"
	"io"
	"net/http"
	"strings"
)

// A RoundTripper is an http.RoundTripper of one function.
type RoundTripper func(*http.Request) (*http.Response, error)

// RoundTrip implements http.RoundTripper.
func (f RoundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// Reply is an answer to req; header has names and values in turn.
func Reply(req *http.Request, status int, body string, header ...string) *http.Response {
	h := http.Header{}
	for i := 0; i+1 < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body)), Request: req, ProtoMajor: 1, ProtoMinor: 1}
}

// Authority is where the requests go.
const Authority = "https://login.contoso.test/tenant"

// Discovery is a discovery document with these endpoints.
func Discovery(authorize, token string) string {
	return fmt.Sprintf(`{"issuer":"https://login.contoso.test/x","authorization_endpoint":%q,"token_endpoint":%q}`, authorize, token)
}

// GoodDiscovery is Authority's own document.
var GoodDiscovery = Discovery(Authority+"/authorize", Authority+"/token")
