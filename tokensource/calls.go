package tokensource

import (
	"context"
	"errors"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/internal/acquisition"
	"github.com/msalcae/msalcae/tokensource/internal/engine"
	"github.com/msalcae/msalcae/tokensource/internal/entra"
)

// Callees that may panic, for the error that says so.
const (
	inPrompt = "the Prompt"
	inOpen   = "Browser.Open"
)

// once makes a call of MSAL's below a client that the caller built. Whether its
// HTTP client sends again by itself is not known: only the engine repeats there,
// and only silent calls.
func once[T any](ctx context.Context, call func() (T, error)) (T, error) {
	result, err := entra.Guard(entra.InMSAL, call)
	if err != nil {
		var none T
		return none, entra.Typed(ctx, err)
	}
	return result, nil
}

// acquiring returns the context of one acquisition, which tells the caches below
// MSAL of the rejected token, and reports their failures to the Trace. heard is
// set if one is an Accessor; nil: nobody asks.
func acquiring(ctx context.Context, req msalcae.TokenRequest, heard *atomic.Bool) context.Context {
	a := acquisition.Acquisition{Evict: req.Rejected, Claims: req.Claims != "", Heard: heard}
	if t := req.Trace; t != nil && t.CacheFailed != nil {
		a.Failed = func(op string, err error) {
			engine.Aside(func() { t.CacheFailed(context.Background(), msalcae.CacheFailedInfo{Op: op, Err: err}) })
		}
	}
	return acquisition.With(ctx, a)
}

// sweep removes a rejected token from MSAL's cache, which MSAL does not look into
// when it asks with claims. Account does, and sends nothing.
func (c *confidentialClient) sweep(ctx context.Context, rejected string) {
	if rejected != "" && c.evicts.Load() {
		ctx = acquisition.With(ctx, acquisition.Acquisition{Evict: rejected, Sweep: true})
		_, _ = entra.Guard(entra.InMSAL, func() (confidential.Account, error) { return c.client.Account(ctx, "") })
	}
}

// tokenOf runs one acquisition of MSAL's. A token that comes with an error is
// good: MSAL returns both when it had a valid token and failed to refresh it
// ahead of time.
func tokenOf(ctx context.Context, acquire func() (*msalcae.Token, error)) (*msalcae.Token, error) {
	tok, err := entra.Guard(entra.InMSAL, acquire)
	var network *url.Error
	if err != nil && ctx.Err() == nil && errors.Is(err, context.Canceled) && errors.As(err, &network) && network.Op == "Get" {
		// MSAL fetches discovery documents on the context of whoever came
		// first, and fails all who wait when that one is cancelled.
		tok, err = entra.Guard(entra.InMSAL, acquire)
	}
	switch {
	case tok != nil && tok.Value != "" && (err == nil || time.Now().Before(tok.ExpiresOn)):
		return tok, nil
	case err == nil:
		return nil, &msalcae.Error{Err: errors.New("MSAL returned neither a token nor an error")}
	}
	return nil, entra.Typed(ctx, err)
}

// patiently makes a call of MSAL's, and again while Entra has no time and has
// therefore not looked at what it was sent.
func patiently[T any](ctx context.Context, call func() (T, error)) (T, error) {
	for n := 1; ; n++ {
		result, err := entra.Guard(entra.InMSAL, call)
		if err == nil {
			return result, nil
		}
		err = entra.Typed(ctx, err)
		wait, again := engine.RetryDelay(err)
		if !again || n == engine.Attempts {
			var none T
			return none, err
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			var none T
			return none, entra.Typed(ctx, ctx.Err())
		}
	}
}

// newTokenClaims asks for nothing but makes MSAL pass over its cached token.
const newTokenClaims = "{}"

// tokenFrom is for what a method of MSAL's clients returns: a result is some 700
// bytes, and is not to be copied by all who pass the token on.
func tokenFrom(res public.AuthResult, err error) (*msalcae.Token, error) { return tokenIn(res), err }

func tokenIn(res public.AuthResult) *msalcae.Token {
	return &msalcae.Token{Value: res.AccessToken, ExpiresOn: res.ExpiresOn, RefreshOn: res.Metadata.RefreshOn}
}
