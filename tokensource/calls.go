package tokensource

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"runtime"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
	"github.com/msalcae/msalcae"
)

// Callees that may panic, for the error that says so.
const (
	inMSAL   = "MSAL, or a callback or client of yours below it,"
	inPrompt = "the Prompt"
	inOpen   = "Browser.Open"
)

// guard calls what is not ours and turns a panic into an error: MSAL 1.10.1
// panics on claims that are null, on clients that were not built by New, and
// wherever a callback does.
func guard[T any](callee string, f func() (T, error)) (result T, err error) {
	defer func() {
		if p := recover(); p != nil {
			what := fmt.Sprintf("%T", p) // a value may hold anything
			if re, ok := p.(runtime.Error); ok {
				what = re.Error()
			}
			err = &msalcae.Error{Err: fmt.Errorf("%s panicked (%s)", callee, what)}
		}
	}()
	return f()
}

// tokenOf runs one acquisition of MSAL's. A token that comes with an error is
// good: MSAL returns both when it had a valid token and failed to refresh it
// ahead of time.
func tokenOf(ctx context.Context, acquire func() (public.AuthResult, error)) (public.AuthResult, error) {
	res, err := guard(inMSAL, acquire)
	var network *url.Error
	if err != nil && ctx.Err() == nil && errors.Is(err, context.Canceled) && errors.As(err, &network) && network.Op == "Get" {
		// MSAL fetches discovery documents on the context of whoever came
		// first, and fails all who wait when that one is cancelled.
		res, err = guard(inMSAL, acquire)
	}
	switch {
	case res.AccessToken != "" && (err == nil || time.Now().Before(res.ExpiresOn)):
		return res, nil
	case err == nil:
		return res, &msalcae.Error{Err: errors.New("MSAL returned neither a token nor an error")}
	}
	return public.AuthResult{}, typed(ctx, err)
}

func toToken(res public.AuthResult) *msalcae.Token {
	return &msalcae.Token{Value: res.AccessToken, ExpiresOn: res.ExpiresOn, RefreshOn: res.Metadata.RefreshOn}
}
