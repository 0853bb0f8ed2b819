package msalcae

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"time"

	"github.com/msalcae/msalcae/wwwauth"
)

// Transport is an [http.RoundTripper] that sends requests with a token of
// Source and answers claims challenges.
type Transport struct {
	Source        TokenSource       // required
	Base          http.RoundTripper // nil: http.DefaultTransport
	Hosts         []string          // host[:port] or *.suffix that may receive tokens; nil: what Source names
	MinTTL        time.Duration     // least remaining life of a token that is sent
	Trace         *Trace
	MaxReplayBody int64 // bytes kept of a body without GetBody; 0: 1 MiB
}

// Client returns an http.Client over t.
func (t *Transport) Client() *http.Client { return &http.Client{Transport: t} }

func (t *Transport) base() http.RoundTripper {
	if t.Base != nil {
		return t.Base
	}
	return http.DefaultTransport
}

// RoundTrip sends req with a token and answers one claims challenge.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx := req.Context()
	if t.Source == nil {
		return nil, fmt.Errorf("%w: Transport.Source is nil", ErrMisconfigured)
	}
	tok, err := t.Source.Token(ctx, TokenRequest{MinTTL: t.MinTTL, Trace: t.Trace})
	if err != nil {
		return nil, err
	}
	resp, err := t.send(req, tok)
	if err != nil || resp.StatusCode != http.StatusUnauthorized {
		return resp, err
	}
	claims, err := wwwauth.Claims(resp)
	if claims == "" && err == nil {
		return resp, nil
	}
	kept, _ := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	resp.Body.Close()
	resp.Body = io.NopCloser(bytes.NewReader(kept))
	if err != nil {
		return nil, &ChallengeError{Response: resp, Err: err}
	}
	tok, err = t.Source.Token(ctx, TokenRequest{Claims: claims, Rejected: tok.Value, MinTTL: t.MinTTL, Trace: t.Trace})
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, &ChallengeError{Claims: claims, Response: resp, Err: err}
	}
	if req.Body != nil && req.Body != http.NoBody {
		if req.GetBody == nil {
			return nil, &ChallengeError{Claims: claims, Response: resp, Err: ErrNotReplayable}
		}
		again := *req
		if again.Body, err = req.GetBody(); err != nil {
			return nil, &ChallengeError{Claims: claims, Response: resp, Err: errors.Join(ErrNotReplayable, err)}
		}
		return t.send(&again, tok)
	}
	return t.send(req, tok)
}

func (t *Transport) send(req *http.Request, tok *Token) (*http.Response, error) {
	out := *req
	out.Header = maps.Clone(req.Header)
	out.Header["Authorization"] = []string{"Bearer " + tok.Value}
	resp, err := t.base().RoundTrip(&out)
	if resp != nil {
		resp.Request = req
	}
	return resp, err
}
