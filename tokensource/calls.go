package tokensource

import (
	"context"
	"errors"
	"net/url"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/tokensource/internal/entra"
)

// Callees that may panic, for the error that says so.
const (
	inPrompt = "the Prompt"
	inOpen   = "Browser.Open"
)

// tokenOf runs one acquisition of MSAL's. A token that comes with an error is
// good: MSAL returns both when it had a valid token and failed to refresh it
// ahead of time.
func tokenOf(ctx context.Context, acquire func() (public.AuthResult, error)) (public.AuthResult, error) {
	res, err := entra.Guard(entra.InMSAL, acquire)
	var network *url.Error
	if err != nil && ctx.Err() == nil && errors.Is(err, context.Canceled) && errors.As(err, &network) && network.Op == "Get" {
		// MSAL fetches discovery documents on the context of whoever came
		// first, and fails all who wait when that one is cancelled.
		res, err = entra.Guard(entra.InMSAL, acquire)
	}
	switch {
	case res.AccessToken != "" && (err == nil || time.Now().Before(res.ExpiresOn)):
		return res, nil
	case err == nil:
		return res, &msalcae.Error{Err: errors.New("MSAL returned neither a token nor an error")}
	}
	return public.AuthResult{}, entra.Typed(ctx, err)
}

// askAgain asks with the claims of req, and once more for a new token if MSAL's
// cache answered with the very one that was rejected.
func askAgain(req msalcae.TokenRequest, ask func(claims string) (public.AuthResult, error)) (public.AuthResult, error) {
	res, err := ask(req.Claims)
	if err == nil && req.Claims == "" && req.Rejected != "" && res.AccessToken == req.Rejected {
		return ask(newTokenClaims)
	}
	return res, err
}

// newTokenClaims asks for nothing but makes MSAL pass over its cached token.
const newTokenClaims = "{}"

func toToken(res public.AuthResult) *msalcae.Token {
	return &msalcae.Token{Value: res.AccessToken, ExpiresOn: res.ExpiresOn, RefreshOn: res.Metadata.RefreshOn}
}
