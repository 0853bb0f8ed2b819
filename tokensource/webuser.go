package tokensource

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/tokensource/internal/engine"
	"github.com/msalcae/msalcae/tokensource/internal/entra"
	"github.com/msalcae/msalcae/tokensource/internal/registry"
)

// maxUserSources bounds the sources of one person: lists of scopes, which are
// the program's.
const maxUserSources = 64

// noEnd is for what a Shelf keeps as long as it is used.
var noEnd time.Time

var errNotSignedIn = fmt.Errorf("%w: nobody has signed in with this account, or too many others have since", msalcae.ErrInteractionRequired)

// A webUser is a person who signed in to a web app, in whatever browsers.
type webUser struct {
	web     *WebApp
	sources *registry.Registry[string, *Source]

	mu      sync.Mutex
	account public.Account
	client  *confidential.Client // has the refresh token; nil: not signed in
	left    int                  // how often they signed out
}

func newWebUser(w *WebApp, a public.Account) *webUser {
	return &webUser{web: w, sources: registry.New[string, *Source](maxUserSources, registry.HashString), account: a}
}

func (u *webUser) source(scopes []string) *Source {
	return u.sources.FindOr(scopeKey(scopes), func() *Source {
		return newSource(entra.ScopeHosts(u.web.app.authority, scopes), engine.Flow{
			Acquire: func(ctx context.Context, req msalcae.TokenRequest) (*msalcae.Token, error) {
				return u.acquire(ctx, scopes, req)
			},
			Voids: u.web.app.voids, Clock: &u.web.app.clock,
		})
	})
}

func (u *webUser) current() (public.Account, *confidential.Client, int) {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.account, u.client, u.left
}

// acquire redeems the refresh token. MSAL refuses a challenge's claims in this
// flow, though it has a refresh token to redeem with them; claims that the
// client itself asks for are the same to Entra. refreshOnly keeps MSAL from
// answering out of its memory, and from filling it.
func (u *webUser) acquire(ctx context.Context, scopes []string, req msalcae.TokenRequest) (*msalcae.Token, error) {
	account, client, left := u.current()
	if client == nil {
		return nil, u.mustSignIn(ctx, scopes, req.Claims, errNotSignedIn)
	}
	options := []confidential.AcquireSilentOption{confidential.WithSilentAccount(account), confidential.WithTenantID(u.web.app.tenant)}
	if req.Claims != "" && req.Claims != newTokenClaims {
		options = append(options, confidential.WithClaimsFromClient(req.Claims))
	}
	var whose public.Account
	tok, err := tokenOf(ctx, func() (*msalcae.Token, error) {
		res, err := client.AcquireTokenSilent(ctx, scopes, options...)
		whose = res.Account
		return tokenFrom(res, err)
	})
	_, newest, now := u.current()
	switch {
	case now == left && newest != client && errors.Is(err, msalcae.ErrInteractionRequired):
		return u.acquire(ctx, scopes, req) // they have signed in again since
	case now != left, errors.Is(err, entra.ErrNoRefreshToken):
		return nil, u.mustSignIn(ctx, scopes, req.Claims, errNotSignedIn)
	case errors.Is(err, msalcae.ErrInteractionRequired):
		return nil, u.mustSignIn(ctx, scopes, req.Claims, err)
	case err != nil:
		return nil, err
	case whose.HomeAccountID != "" && !samePerson(account, whose):
		return nil, mismatch(account, whose)
	}
	return tok, nil
}

// mustSignIn says that the person must, with the claims of the challenge and
// those of Entra's refusal laid over them.
func (u *webUser) mustSignIn(ctx context.Context, scopes []string, claims string, why error) error {
	claims = engine.WithClaimsOf(why, claims)
	account, _, _ := u.current()
	to, err := u.web.signIn(ctx, account, scopes, claims)
	if err != nil {
		return err
	}
	return &RedirectError{Account: account, Err: why, to: to}
}

// signedIn takes over what a sign-in with the given claims brought.
func (u *webUser) signedIn(client confidential.Client, res public.AuthResult, scopes []string, claims string) {
	u.mu.Lock()
	u.account, u.client = res.Account, &client
	u.mu.Unlock()
	for _, e := range u.sources.Matching(func(string) bool { return true }) {
		e.Value.engine.Relieve()
	}
	u.source(scopes).engine.Adopt(tokenIn(res), claims)
}

func (u *webUser) signedOut() {
	u.mu.Lock()
	u.client = nil
	u.left++
	u.mu.Unlock()
	for _, e := range u.sources.Matching(func(string) bool { return true }) {
		e.Value.engine.Forget()
	}
}
