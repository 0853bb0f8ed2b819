package msalcae_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/msalcae/msalcae"
	"github.com/stretchr/testify/require"
)

// revoked is what Graph asks for after a revocation.
const revoked = `{"access_token":{"nbf":{"essential":true, "value":"1604106651"}}}`

// challengeFor is the WWW-Authenticate header of Microsoft Graph.
func challengeFor(claims string) string {
	return `Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", ` +
		`client_id="00000003-0000-0000-c000-000000000000", error="insufficient_claims", claims="` +
		base64.StdEncoding.EncodeToString([]byte(claims)) + `"`
}

// tokens is a TokenSource: "t1", and after every challenge the next.
type tokens struct {
	hosts  []string
	answer func(context.Context, msalcae.TokenRequest) (*msalcae.Token, error) // in its place, if set

	mu      sync.Mutex
	n       int
	asked   []msalcae.TokenRequest
	refused []string // token and claims, of Refused
}

func (s *tokens) Hosts() []string { return s.hosts }

func (s *tokens) Refused(token, claims string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refused = append(s.refused, token+" "+claims)
}

func (s *tokens) Token(ctx context.Context, req msalcae.TokenRequest) (*msalcae.Token, error) {
	s.mu.Lock()
	s.asked = append(s.asked, req)
	if s.n == 0 || req.Claims != "" && req.Rejected == fmt.Sprintf("t%d", s.n) {
		s.n++
	}
	tok := &msalcae.Token{Value: fmt.Sprintf("t%d", s.n)}
	s.mu.Unlock()
	if s.answer != nil {
		return s.answer(ctx, req)
	}
	return tok, nil
}

// claims returns the claims of all challenges that the source was asked to
// answer.
func (s *tokens) claims() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []string
	for _, req := range s.asked {
		if req.Claims != "" {
			all = append(all, req.Claims)
		}
	}
	return all
}

// base is a RoundTripper in a function.
type base func(*http.Request) (*http.Response, error)

func (f base) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// respond is a response as a base gives it.
func respond(req *http.Request, status int, body string, headers ...string) *http.Response {
	h := http.Header{}
	for i := 0; i+1 < len(headers); i += 2 {
		h.Add(headers[i], headers[i+1])
	}
	return &http.Response{
		StatusCode: status, Status: http.StatusText(status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: h, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)), Request: req,
	}
}

// unauthorized is an API's claims challenge.
func unauthorized(req *http.Request) *http.Response {
	return respond(req, http.StatusUnauthorized, `{"error":"challenged"}`, "WWW-Authenticate", challengeFor(revoked))
}

// challengeOnce is a base that reads and closes every body, challenges "t1",
// and answers any other token with status 200 and the body it was sent.
var challengeOnce = base(func(req *http.Request) (*http.Response, error) {
	var sent []byte
	if req.Body != nil {
		var err error
		sent, err = io.ReadAll(req.Body)
		req.Body.Close()
		if err != nil {
			return nil, err
		}
	}
	if req.Header.Get("Authorization") == "Bearer t1" {
		return unauthorized(req), nil
	}
	return respond(req, http.StatusOK, string(sent)), nil
})

// body is a request body that knows whether it was closed, and how often.
type body struct {
	io.Reader
	mu     sync.Mutex
	closes int
}

func newBody(s string) *body { return &body{Reader: strings.NewReader(s)} }

func (b *body) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closes++
	return nil
}

func (b *body) closed() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.closes
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

type closerFunc func() error

func (f closerFunc) Close() error { return f() }

// request is a request without GetBody.
func request(t testing.TB, method, rawURL string, body io.ReadCloser) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, rawURL, nil)
	require.NoError(t, err)
	if body != nil {
		req.Body, req.ContentLength = body, -1
	}
	return req
}

// api is an API on loopback that challenges the tokens that it was told to.
type api struct {
	*httptest.Server
	handle http.HandlerFunc // of what is not challenged; nil: 204
	early  bool             // challenge before the request's body is read

	mu     sync.Mutex
	refuse []string // tokens
	calls  []call
}

// A call is a request as the API saw it.
type call struct {
	*http.Request
	token, body string
}

func newAPI(t testing.TB, start func(*httptest.Server), refuse ...string) *api {
	t.Helper()
	a := &api{refuse: refuse}
	a.Server = httptest.NewUnstartedServer(a)
	start(a.Server)
	t.Cleanup(a.Close)
	return a
}

func overTLS(s *httptest.Server)  { s.StartTLS() }
func overHTTP(s *httptest.Server) { s.Start() }
func overHTTP2(s *httptest.Server) {
	s.EnableHTTP2 = true
	s.StartTLS()
}

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	a.mu.Lock()
	refused := slices.Contains(a.refuse, token)
	a.mu.Unlock()
	c := call{Request: r, token: token}
	if refused && a.early {
		// Without this, HTTP/1.1 servers read on before they answer.
		http.NewResponseController(w).EnableFullDuplex()
	} else {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			c.body = "error: " + err.Error()
		} else {
			c.body = string(b)
		}
	}
	a.mu.Lock()
	a.calls = append(a.calls, c)
	a.mu.Unlock()
	switch {
	case refused:
		w.Header().Set("WWW-Authenticate", challengeFor(revoked))
		w.WriteHeader(http.StatusUnauthorized)
		io.WriteString(w, `{"error":"challenged"}`)
	case a.handle != nil:
		a.handle(w, r)
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}

// seen returns the calls so far.
func (a *api) seen() []call {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.calls)
}

// host is the API's host and port.
func (a *api) host() string {
	u, err := url.Parse(a.URL)
	if err != nil {
		panic(err)
	}
	return u.Host
}

// transport is a Transport for the API, over its own client.
func (a *api) transport(src msalcae.TokenSource) *msalcae.Transport {
	return &msalcae.Transport{Source: src, Base: a.Client().Transport, Hosts: []string{a.host()}}
}

// text reads and closes a response's body.
func text(t testing.TB, resp *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	return string(b)
}
