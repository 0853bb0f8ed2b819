package tokensource

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"slices"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/tokensource/internal/engine"
	"github.com/msalcae/msalcae/tokensource/internal/entra"
)

// ErrSignInMismatch says that an answer of Entra's does not belong to the
// sign-in that the browser had begun: the session was lost, the answer is old
// or comes from elsewhere. A new sign-in helps.
var ErrSignInMismatch = errors.New("msalcae: the answer belongs to no sign-in that this browser began; begin a new one")

// A WebSignIn is a sign-in that was begun. Send the browser to URL, and keep
// the rest, as JSON for example, where only this browser's session can bring it
// back and nobody can change it: it is what ties Entra's answer to the browser
// (RFC 9700 section 4.7). Its formatting and log forms leave out its secrets;
// JSON has them, but not the URL.
type WebSignIn struct {
	URL      string         `json:"-"`                // Entra's page, for this sign-in
	State    string         `json:"state"`            // that the answer must have
	Nonce    string         `json:"nonce"`            // that the ID token must have
	Verifier string         `json:"verifier"`         // of PKCE (RFC 7636), which the code is bound to
	Scopes   []string       `json:"scopes"`           // asked for
	Claims   string         `json:"claims,omitempty"` // that the sign-in carries; "": none
	Account  public.Account `json:"account"`          // who must sign in; zero: anybody
}

// String describes the sign-in without its secrets.
func (s WebSignIn) String() string {
	return fmt.Sprintf("WebSignIn{Account: %q, Scopes: %q, Claims: %q}", s.Account.PreferredUsername, s.Scopes, s.Claims)
}

// Format implements fmt.Formatter: no verb prints the secrets.
func (s WebSignIn) Format(f fmt.State, _ rune) { fmt.Fprint(f, s.String()) }

// LogValue implements slog.LogValuer without the secrets.
func (s WebSignIn) LogValue() slog.Value { return slog.StringValue(s.String()) }

// answeredBy reports whether answer has the state that was sent along.
func (s WebSignIn) answeredBy(answer url.Values) bool {
	return s.State != "" && s.Verifier != "" && s.Nonce != "" &&
		subtle.ConstantTimeCompare([]byte(s.State), []byte(answer.Get("state"))) == 1
}

// signIn prepares a sign-in, whose URL has everything but what begin adds.
func (w *WebApp) signIn(ctx context.Context, a public.Account, scopes []string, claims string) (WebSignIn, error) {
	if claims == newTokenClaims {
		claims = "" // a sign-in gives a new token anyway
	}
	address, err := entra.Guard(entra.InMSAL, func() (string, error) {
		return w.front.AuthCodeURL(ctx, w.app.clientID, w.redirectURI, append(slices.Clone(scopes), "openid", "offline_access", "profile"),
			confidential.WithClaims(claims), confidential.WithLoginHint(a.PreferredUsername), confidential.WithTenantID(w.app.tenant))
	})
	if err != nil {
		return WebSignIn{}, entra.Typed(ctx, err)
	}
	return WebSignIn{URL: address, Scopes: scopes, Claims: claims, Account: a}, nil
}

// begin returns s with a state, a nonce and a verifier of its own.
func (s WebSignIn) begin() WebSignIn {
	s.State, s.Nonce, s.Verifier = randomVerifier(), randomVerifier(), randomVerifier()
	u, err := url.Parse(s.URL)
	if err != nil { // MSAL has written it
		return s
	}
	q := u.Query()
	q.Set("state", s.State)
	q.Set("nonce", s.Nonce)
	q.Set("code_challenge", challengeOf(s.Verifier))
	q.Set("code_challenge_method", "S256")
	q.Set("response_mode", "query")
	u.RawQuery = q.Encode()
	s.URL, s.Scopes = u.String(), slices.Clone(s.Scopes)
	return s
}

// A RedirectError says that a person must sign in, and begins that sign-in. It
// is msalcae.ErrInteractionRequired.
type RedirectError struct {
	Account public.Account // who must sign in
	Err     error          // why

	to WebSignIn
}

// SignIn begins a sign-in that carries all the claims that were asked for: a
// new one at each call, for the browser of the request that failed. It makes no
// request.
func (e *RedirectError) SignIn() WebSignIn { return e.to.begin() }

// Error says why, and what to do.
func (e *RedirectError) Error() string {
	return "msalcae: " + engine.Plain(e.Err) + "; redirect them to the URL of this error's SignIn"
}

// Unwrap returns Err, and msalcae.ErrInteractionRequired.
func (e *RedirectError) Unwrap() []error { return []error{e.Err, msalcae.ErrInteractionRequired} }
