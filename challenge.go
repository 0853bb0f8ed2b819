package msalcae

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/msalcae/msalcae/wwwauth"
)

// answer renews the token that a challenge refused, and sends the request once
// more. The first response is read, and its connection let go, before anything
// that may take long. up is nil for a request without a body.
func (t *Transport) answer(req *http.Request, refused *Token, up *upload, resp *http.Response, claims string, broken error) (*http.Response, error) {
	up.hold()
	challenge := &ChallengeError{Claims: claims, Response: resp, Err: broken}
	t.challenged(req, challenge)
	ctx := req.Context()
	kept, closed := detach(ctx, resp.Body)
	resp.Body = kept

	tok, body, err := t.prepare(req, refused, up, challenge)
	if err != nil {
		up.settle(true)
	}
	awaitRest(ctx, closed)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		challenge.Err = err
		return nil, challenge
	}
	return t.replay(req, tok, up, body)
}

// awaitRest waits until the upload has come to rest: as a rule it has.
func awaitRest(ctx context.Context, closed <-chan struct{}) {
	select {
	case <-closed:
		return
	default:
	}
	select {
	case <-closed:
	case <-ctx.Done():
	case <-time.After(mostDrain):
	}
}

// prepare does everything that must succeed before the second send.
func (t *Transport) prepare(req *http.Request, refused *Token, up *upload, challenge *ChallengeError) (*Token, io.ReadCloser, error) {
	if challenge.Err != nil {
		return nil, nil, challenge.Err
	}
	ctx := req.Context()
	tok, err := t.token(ctx, TokenRequest{Claims: challenge.Claims, Rejected: refused.Value})
	if err != nil {
		return nil, nil, err
	}
	if tok.Value == refused.Value {
		return nil, nil, ErrSameToken
	}
	switch allowed, err := t.mayHaveToken(req); {
	case err != nil:
		return nil, nil, err
	case !allowed:
		return nil, nil, fmt.Errorf("%w: Base changed the request's URL to a host that may not have a token", ErrMisconfigured)
	}
	if up == nil {
		return tok, req.Body, ctx.Err()
	}
	body, err := up.again(ctx)
	return tok, body, err
}

// replay sends the request for the second and last time: whatever comes is the
// outcome, another 401 included.
func (t *Transport) replay(req *http.Request, tok *Token, up *upload, body io.ReadCloser) (*http.Response, error) {
	start := time.Now()
	resp, err := t.send(req, tok, body, req.GetBody)
	if err != nil {
		up.settle(true)
	} else if resp != nil && resp.StatusCode == http.StatusUnauthorized {
		if claims, broken := wwwauth.Claims(resp); broken == nil {
			t.refused(tok, claims)
		}
	}
	if t.Trace != nil && t.Trace.Replayed != nil {
		info := ReplayedInfo{Method: req.Method, Host: req.URL.Host, Took: time.Since(start), Err: err}
		if resp != nil {
			info.Status = resp.StatusCode
		}
		t.Trace.Replayed(req.Context(), info)
	}
	return resp, err
}

func (t *Transport) challenged(req *http.Request, c *ChallengeError) {
	if t.Trace != nil && t.Trace.Challenged != nil {
		t.Trace.Challenged(req.Context(), ChallengedInfo{
			Method: req.Method, Host: req.URL.Host, Claims: c.Claims, Reason: wwwauth.Why(c.Response).String(), Err: c.Err,
		})
	}
}
