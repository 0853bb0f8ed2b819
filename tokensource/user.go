package tokensource

import (
	"context"
	"slices"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/tokensource/internal/engine"
	"github.com/msalcae/msalcae/tokensource/internal/entra"
	"github.com/msalcae/msalcae/wwwauth"
)

// A user is the flow of one account, or of the zero Account, with one set of
// scopes at one tenant. There may be very many: of an account it keeps what MSAL
// and people tell accounts by, and none of the rest.
type user struct {
	public     *Public
	home, name string // of the account; "": of the person of the zero Account
	tenant     string // "": the authority's
	form       *scopeForm
}

// want is the account whose tokens u brings; zero: that of whoever uses the
// program.
func (u *user) want() public.Account {
	return public.Account{HomeAccountID: u.home, PreferredUsername: u.name}
}

// acquire is silent: from MSAL's cache, or by redeeming the refresh token.
func (u *user) acquire(ctx context.Context, req msalcae.TokenRequest) (*msalcae.Token, error) {
	ctx = renewing(acquiring(ctx, req, nil))
	p := u.public
	who := u.want()
	if who.HomeAccountID == "" {
		var err error
		if who, err = p.whoever(ctx); err != nil {
			return nil, err
		}
	}
	tok, err := u.silent(ctx, who, req.Claims)
	if err != nil {
		return nil, err
	}
	if err := u.verify(ctx); err != nil {
		return nil, err
	}
	return tok, nil
}

// verify looks for cp1 in a client that the caller built.
func (u *user) verify(ctx context.Context) error {
	return u.public.check.verify(ctx, func(ctx context.Context) (string, error) {
		return u.public.client.AuthCodeURL(ctx, "cp1-check", "http://localhost", u.form.canonical, public.WithTenantID(u.tenant))
	})
}

// silent asks MSAL for a token of who. MSAL does not look whose tokens come
// back for a refresh token.
func (u *user) silent(ctx context.Context, who public.Account, claims string) (*msalcae.Token, error) {
	p := u.public
	departed := p.departures.count(who)
	before, err := p.cached(ctx)
	if err != nil {
		return nil, err
	}
	var whose public.Account
	tok, err := tokenOf(ctx, func() (*msalcae.Token, error) {
		res, err := p.client.AcquireTokenSilent(ctx, u.form.canonical, public.WithSilentAccount(who), public.WithClaims(claims), public.WithTenantID(u.tenant))
		whose = res.Account
		return tokenFrom(res, err)
	})
	if err != nil {
		return nil, err
	}
	if p.departedElsewhere(ctx, who, before) {
		return nil, errSignedOut
	}
	if p.departures.since(who, departed) {
		_ = p.removeAll(context.WithoutCancel(ctx), who)
		return nil, errSignedOut
	}
	if whose.HomeAccountID == "" {
		return tok, nil // found under who's id, or redeemed by an authority that does not say whose it is
	}
	if err := u.vet(ctx, who, whose, before); err != nil {
		return nil, err
	}
	return tok, nil
}

// ask has a person sign in, as the account whose token it is to be.
func (u *user) ask(ctx context.Context, req msalcae.TokenRequest) (*msalcae.Token, error) {
	ctx = acquiring(ctx, req, nil)
	who := u.public.named(ctx, u.want())
	if who.HomeAccountID == "" {
		// Nobody, or one of several: then anybody may sign in.
		who, _ = u.public.whoever(ctx)
	}
	asked := *u
	asked.home, asked.name = who.HomeAccountID, who.PreferredUsername
	res, err := asked.prompt(ctx, req.Claims, who.PreferredUsername)
	if err != nil {
		return nil, err
	}
	if u.home == "" {
		u.public.bind(res.Account)
	} else {
		u.public.relieve(res.Account)
	}
	return tokenIn(res), nil
}

// prompt shows the Prompt and makes sure that the right person answered.
func (u *user) prompt(ctx context.Context, claims, hint string) (public.AuthResult, error) {
	p := u.public
	before, err := p.cached(ctx)
	if err != nil {
		return public.AuthResult{}, err
	}
	if err := u.verify(ctx); err != nil {
		return public.AuthResult{}, err
	}
	if claims == newTokenClaims {
		claims = "" // a sign-in gives a new token anyway
	}
	res, err := entra.Guard(inPrompt, func() (public.AuthResult, error) {
		return p.prompt.SignIn(ctx, PromptRequest{
			Client:      p.client,
			Scopes:      slices.Clone(u.form.canonical),
			Claims:      claims,
			Reason:      wwwauth.Explain(claims).String(),
			LoginHint:   hint,
			Tenant:      u.tenant,
			ClientID:    p.clientID,
			RedirectURI: p.redirectURI,
			Again:       engine.AgainOf(ctx),
			check:       func(res public.AuthResult) error { return mismatch(u.want(), res.Account) },
		})
	})
	switch {
	case err != nil && res.Account.HomeAccountID != "" && mismatch(u.want(), res.Account) != nil:
		// A Prompt that checks for itself.
	case err != nil:
		return public.AuthResult{}, notSignedIn(ctx, err)
	case res.AccessToken == "":
		return public.AuthResult{}, &msalcae.Error{Err: errEmptySignIn}
	}
	if err := u.vet(ctx, u.want(), res.Account, before); err != nil {
		return public.AuthResult{}, err
	}
	return res, nil
}

// vet makes sure that got, whose tokens MSAL has now, is want. Of anybody else
// nothing is kept.
func (u *user) vet(ctx context.Context, want, got public.Account, before []public.Account) error {
	err := mismatch(want, got)
	if err != nil {
		_ = u.public.dropStranger(ctx, got, before)
	}
	return err
}
