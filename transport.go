package msalcae

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/msalcae/msalcae/internal/inflight"
	"github.com/msalcae/msalcae/wwwauth"
)

// A Transport is an [http.RoundTripper] that sends each request with a token
// of Source, and that answers claims challenges: it obtains a token that
// satisfies the claims and sends the request a second time.
//
// Set the fields before the first request and leave them alone afterwards. A
// Transport is safe for concurrent use, must not be copied once used, and holds
// nothing that must be closed. The zero value refuses every request with an
// error that wraps [ErrMisconfigured], because it has no Source.
//
// Transports nest: one for Azure Resource Manager whose Base is one for
// Microsoft Graph serves both, as each passes on what is not for its hosts.
type Transport struct {
	// Source gives the tokens. Required.
	Source TokenSource

	// Base sends the requests. Nil means http.DefaultTransport.
	Base http.RoundTripper

	// Hosts are those that may receive tokens, each host, host:port or
	// *.suffix. Without a port, https on its default port is meant (and, on
	// a loopback address, http on any port); with one, that port alone.
	// *.suffix is every host below suffix, at any depth, but not suffix
	// itself. Case and a trailing dot make no difference. Names are in ASCII,
	// international ones in their xn-- form.
	//
	// Nil means the hosts that Source names by its method Hosts, if it has
	// one. A request to any other host is sent without a token.
	Hosts []string

	// MinTTL is the least remaining life of a token that is sent, for
	// requests that take long. Zero or less leaves it to Source.
	MinTTL time.Duration

	// NoPrompt keeps Source from asking a person on behalf of these
	// requests: where one would have to be asked, they fail with an error
	// that is ErrInteractionRequired.
	NoPrompt bool

	// Trace is told what happens. Nil means nobody.
	Trace *Trace

	// MaxReplayBody is how many bytes of a request's body are kept, while
	// they are sent, to send them again after a challenge. It matters only
	// for requests without GetBody. What had not been read when the
	// challenge came is not counted, so that a large upload that is refused
	// at once is sent again whatever its size. Zero means 1 MiB; negative
	// means to keep nothing.
	MaxReplayBody int64

	hosts  atomic.Pointer[hostList]
	bearer atomic.Pointer[bearer]
}

// Client returns a new http.Client over t, to which the caller may add a cookie
// jar, a timeout or a redirect policy.
func (t *Transport) Client() *http.Client { return &http.Client{Transport: t} }

// CloseIdleConnections closes the idle connections of Base, if it can.
func (t *Transport) CloseIdleConnections() {
	if c, ok := t.base().(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// RoundTrip implements http.RoundTripper. It sends req with a token and
// answers at most one claims challenge, whatever the second response is.
//
// It departs from the rules of http.RoundTripper in one point: a claims
// challenge that could not be answered is a [*ChallengeError] and not a
// response, although the API did respond; the error holds that response.
//
// A request that has an Authorization header, or is not for a host that may
// have a token, is passed on as it is. Plain http to a host that may have one,
// other than a loopback address, is an error that wraps [ErrMisconfigured];
// when a redirect leads there, the request is sent without a token. Errors of
// Source are returned unchanged, and the error of a request whose context has
// ended is that of the context.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	attach, err := t.admit(req)
	switch {
	case err != nil:
		closeBody(req)
		return nil, err
	case !attach:
		return t.base().RoundTrip(req)
	}
	up := newUpload(req, t.MaxReplayBody)
	returned := false
	defer func() {
		if !returned { // Source, Base or a hook panics
			up.settle(true)
		}
	}()
	resp, err := t.roundTrip(req, up)
	returned = true
	return resp, err
}

// roundTrip is RoundTrip for a request that gets a token.
func (t *Transport) roundTrip(req *http.Request, up *upload) (*http.Response, error) {
	tok, err := t.token(req.Context(), TokenRequest{})
	if err != nil {
		up.settle(true)
		return nil, err
	}
	body, getBody := up.first(req)
	resp, err := t.send(req, tok, body, getBody)
	if err == nil && resp != nil && resp.StatusCode == http.StatusUnauthorized {
		claims, broken := wwwauth.Claims(resp)
		if claims != "" || broken != nil {
			return t.answer(req, tok, up, resp, claims, broken)
		}
		t.refused(tok, "")
	}
	up.settle(err != nil)
	return resp, err
}

// admit says whether req is to be sent with a token.
func (t *Transport) admit(req *http.Request) (bool, error) {
	if own, ok := http.DefaultTransport.(*Transport); ok && own == t && t.Base == nil {
		return false, fmt.Errorf("%w: http.DefaultTransport is this Transport, whose Base is nil and means http.DefaultTransport: "+
			"set Base to what was there before", ErrMisconfigured)
	}
	if t.Source == nil {
		return false, fmt.Errorf("%w: Transport.Source is nil: set it to a token source", ErrMisconfigured)
	}
	if inflight.Marked(req.Context()) {
		return false, fmt.Errorf("%w: a token request came to a Transport, which would wait for itself: "+
			"give MSAL an http.Client without msalcae (and a request that is meant to be made "+
			"inside a token request a context of its own)", ErrMisconfigured)
	}
	if _, set := req.Header["Authorization"]; set || req.URL == nil {
		return false, nil
	}
	return t.mayHaveToken(req)
}

// token asks Source, and makes sure of what it promises.
func (t *Transport) token(ctx context.Context, want TokenRequest) (*Token, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	want.MinTTL, want.NoPrompt, want.Trace = t.MinTTL, t.NoPrompt, t.Trace
	tok, err := t.Source.Token(ctx, want)
	switch {
	case err == nil && tok != nil && tok.Value != "":
		return tok, nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err == nil:
		return nil, ErrNoToken
	}
	return nil, err
}

// refused tells Source of a token that an API refused in a response that
// Transport returns.
func (t *Transport) refused(tok *Token, claims string) {
	if s, ok := t.Source.(interface{ Refused(token, claims string) }); ok {
		s.Refused(tok.Value, claims)
	}
}

// send sends a copy of req that has the token and the body. The caller's
// request and header map are never touched, and the response's Request is the
// caller's own: the copy holds the token.
func (t *Transport) send(req *http.Request, tok *Token, body io.ReadCloser, getBody func() (io.ReadCloser, error)) (*http.Response, error) {
	out := &struct {
		http.Request
		authorization [1]string // in the same allocation
	}{Request: *req}
	out.Body, out.GetBody = body, getBody
	out.Header = cloneWithRoom(req.Header)
	out.authorization[0] = t.authorization(tok.Value)
	out.Header["Authorization"] = out.authorization[:]
	resp, err := t.base().RoundTrip(&out.Request)
	if resp != nil {
		resp.Request = req
	}
	return resp, err
}

// cloneWithRoom copies h so that one more key fits. maps.Clone is the fastest
// copy, but a map of just these sizes is full, and would be copied again.
func cloneWithRoom(h http.Header) http.Header {
	switch len(h) {
	case 0, 8, 14, 28:
		c := make(http.Header, len(h)+1)
		maps.Copy(c, h)
		return c
	}
	return maps.Clone(h)
}

// bearer is the Authorization header of the token that was sent last.
type bearer struct{ token, header string }

func (t *Transport) authorization(token string) string {
	b := t.bearer.Load()
	if b == nil || b.token != token {
		b = &bearer{token, "Bearer " + token}
		t.bearer.Store(b)
	}
	return b.header
}

func (t *Transport) base() http.RoundTripper {
	if t.Base != nil {
		return t.Base
	}
	return http.DefaultTransport
}

func closeBody(req *http.Request) {
	if req.Body != nil {
		req.Body.Close()
	}
}
