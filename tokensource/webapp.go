package tokensource

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/internal/inflight"
	"github.com/msalcae/msalcae/tokensource/internal/engine"
	"github.com/msalcae/msalcae/tokensource/internal/entra"
	"github.com/msalcae/msalcae/tokensource/internal/jwt"
	"github.com/msalcae/msalcae/tokensource/internal/registry"
	"github.com/msalcae/msalcae/tokensource/internal/shelf"
)

// WebConfig describes how people sign in to a web app.
type WebConfig struct {
	// RedirectURI is the app's page that Entra sends people back to, as
	// registered, such as https://app.contoso.com/signed-in. Plain http is for
	// loopback addresses. Required.
	RedirectURI string
	// Scopes are asked for when somebody signs in. Required.
	Scopes []string
	// MaxUsers bounds the people who are remembered, each with their refresh
	// token, which takes 10 to 20 KiB. The least recently used leave first, and sign in again when they
	// come back, which Entra's session in their browser makes short. Zero:
	// 10,000.
	MaxUsers int
}

// maxUsers is WebConfig.MaxUsers by default.
const maxUsers = 10_000

// A WebApp signs people in to a web app, which is a confidential client
// (authorization code flow with PKCE, OpenID Connect Core section 3.1), and
// gives the sources of their tokens.
//
// The app sends whom it does not know to [WebApp.SignIn]'s URL and keeps the
// [WebSignIn] in that browser's session; its page at RedirectURI hands that and
// the answer to [WebApp.Redeem], and keeps the account in the session. Every
// request then takes its [Source] from [WebApp.User]. When only the person can
// satisfy Entra, the error is a [*RedirectError], which begins the next sign-in
// with all that was asked for.
//
// Tokens are kept in memory, in an MSAL client for each person. A WebApp's
// methods may be called by several goroutines at once.
type WebApp struct {
	app         *Confidential
	front       confidential.Client // writes authorize URLs; holds nobody's tokens
	redirectURI string
	scopes      []string
	users       *shelf.Shelf[string, *webUser] // by home account
}

// WebApp returns the web app's sign-in. An error is msalcae.ErrMisconfigured:
// a wrapped client cannot be used, because every person needs an MSAL client
// of their own.
func (c *Confidential) WebApp(cfg WebConfig) (*WebApp, error) {
	if c.err != nil {
		return nil, c.err
	}
	if c.personal == nil {
		return nil, fmt.Errorf("%w: a wrapped client cannot sign people in, because each of them needs one; use NewConfidential", msalcae.ErrMisconfigured)
	}
	if err := checkRedirect(cfg.RedirectURI); err != nil {
		return nil, err
	}
	canonical, err := canonicalScopes(cfg.Scopes)
	if err != nil {
		return nil, err
	}
	bound := maxUsers
	if cfg.MaxUsers > 0 {
		bound = cfg.MaxUsers
	}
	front, err := c.personal()
	if err != nil {
		return nil, err
	}
	return &WebApp{app: c, front: front, redirectURI: cfg.RedirectURI, scopes: canonical, users: shelf.New[string, *webUser](bound, registry.HashString)}, nil
}

// checkRedirect accepts what Entra accepts of a web app
// (https://learn.microsoft.com/entra/identity-platform/reply-url).
func checkRedirect(uri string) error {
	u, err := url.Parse(uri)
	switch {
	case uri == "":
		return fmt.Errorf("%w: WebConfig.RedirectURI is empty; set it to the app's page for signed-in people", msalcae.ErrMisconfigured)
	case err != nil || u.Hostname() == "" || u.User != nil || u.Fragment != "" || u.Opaque != "":
		return fmt.Errorf("%w: WebConfig.RedirectURI is not the address of a page", msalcae.ErrMisconfigured)
	case u.Scheme != "https" && !(u.Scheme == "http" && entra.LoopbackHost(u.Hostname())):
		return fmt.Errorf("%w: WebConfig.RedirectURI does not begin with https://, which only loopback addresses need not", msalcae.ErrMisconfigured)
	}
	return nil
}

// SignIn begins a sign-in of the account, or of anybody if it is the zero
// Account, with the claims that the account's source of the same scopes is
// waiting for. It makes a request only if the authority's endpoints are not
// known yet.
func (w *WebApp) SignIn(ctx context.Context, a public.Account) (WebSignIn, error) {
	claims := ""
	if u, ok := w.users.Get(homeOf(a)); ok && a.HomeAccountID != "" {
		claims = u.source(w.scopes).engine.PendingClaims()
	}
	to, err := w.signIn(inflight.Mark(ctx), a, w.scopes, claims)
	if err != nil {
		return WebSignIn{}, err
	}
	return to.begin(), nil
}

// User returns the source of the tokens of a person who has signed in: for the
// account that Redeem returned. Without valid scopes or a HomeAccountID it
// fails with an error that is msalcae.ErrMisconfigured; for somebody who has
// not signed in, or has signed out, with a *RedirectError.
func (w *WebApp) User(a public.Account, scopes ...string) *Source {
	form, err := formOf(scopes)
	switch {
	case err != nil:
		return failing(err)
	case a.HomeAccountID == "":
		return failing(errNoHome)
	}
	return w.user(a).source(form.canonical)
}

func (w *WebApp) user(a public.Account) *webUser {
	home := homeOf(a)
	if u, ok := w.users.Get(home); ok {
		return u
	}
	return w.users.Add(home, newWebUser(w, a), noEnd)
}

// Redeem ends a sign-in: answer are the query parameters of the request to
// RedirectURI, and begun is what SignIn or a RedirectError gave to this very
// browser. It returns whose sign-in it was, for User.
//
// ErrSignInMismatch says that the answer belongs to no sign-in of this browser:
// begin a new one. msalcae.ErrAccountMismatch: somebody else signed in than had
// to; nothing of them was kept. ErrIDToken: Entra's answer is for another
// application, tenant or time. ErrDeclined: they would not. Other errors are as
// for tokens.
//
// A code is good for one use (RFC 6749 section 4.1.2). If Entra had no time to
// look at it (status 429 or 503) it is sent again, at most twice; if nobody
// knows whether Entra did, it is not. Acquired of msalcae.WithTrace's hooks is
// called.
func (w *WebApp) Redeem(ctx context.Context, begun WebSignIn, answer url.Values) (public.Account, error) {
	if !begun.answeredBy(answer) {
		return public.Account{}, ErrSignInMismatch
	}
	code, err := entra.CodeOf(answer)
	if err != nil {
		return public.Account{}, err
	}
	canonical, err := canonicalScopes(begun.Scopes)
	if err != nil {
		return public.Account{}, err
	}
	client, err := w.app.personal(confidential.WithCache(refreshOnly{}))
	if err != nil {
		return public.Account{}, err
	}
	told, start := signInTrace{ctx, msalcae.ContextTrace(ctx)}, time.Now()
	res, err := w.redeem(inflight.Mark(ctx), client, begun, code, canonical)
	told.acquired(begun.Claims, start, res, err)
	if err != nil {
		return public.Account{}, err // and nothing of it is kept
	}
	w.user(res.Account).signedIn(client, res, canonical, begun.Claims)
	return res.Account, nil
}

// redeem exchanges the code for tokens that answer begun.
func (w *WebApp) redeem(ctx context.Context, client confidential.Client, begun WebSignIn, code string, scopes []string) (public.AuthResult, error) {
	ctx, cancel := context.WithTimeout(ctx, engine.RequestTimeout)
	defer cancel()
	issuer, err := w.app.wire.Issuer(ctx, w.app.tenant)
	if err != nil {
		return public.AuthResult{}, entra.Typed(ctx, err)
	}
	res, err := patiently(ctx, func() (public.AuthResult, error) {
		return client.AcquireTokenByAuthCode(ctx, code, w.redirectURI, scopes,
			confidential.WithChallenge(begun.Verifier), confidential.WithClaims(begun.Claims), confidential.WithTenantID(w.app.tenant))
	})
	if err == nil {
		err = w.vet(begun, res, issuer)
	}
	if err != nil {
		return public.AuthResult{}, err
	}
	return res, nil
}

// vet makes sure that the tokens answer begun, and are of the right person.
// MSAL looks at nothing of an ID token.
func (w *WebApp) vet(begun WebSignIn, res public.AuthResult, issuer string) error {
	id, ok := jwt.Read(res.IDToken.RawToken)
	if !ok {
		return badIDToken("is missing, or cannot be read")
	}
	if id.Nonce != begun.Nonce {
		return ErrSignInMismatch
	}
	if err := checkIDToken(id, issuer, cmp.Or(w.app.tenant, w.app.authority.Tenant), w.app.clientID); err != nil {
		return err
	}
	return mismatch(begun.Account, res.Account)
}

// SignOut forgets a person and all their tokens, also for requests under way,
// but not for a Source that is still held of somebody whom MaxUsers has let go.
// Entra's session in their browser goes on, and so does that of the app, which
// is to forget the account as well. It is no error if they are not signed in.
func (w *WebApp) SignOut(_ context.Context, a public.Account) error {
	if a.HomeAccountID == "" {
		return errNoHome
	}
	if u, ok := w.users.Drop(homeOf(a)); ok {
		u.signedOut()
	}
	return nil
}
