package tokensource

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/tokensource/internal/entra"
	"github.com/msalcae/msalcae/tokensource/internal/loopback"
)

// A Browser is a [Prompt] that signs people in with a web browser on this
// machine (RFC 8252: authorization code with PKCE, ending at a loopback
// address). The zero Browser is ready to use.
//
// It runs the loopback server itself instead of calling MSAL's
// AcquireTokenInteractive, whose server gives up at any stray request, shows
// its state to whoever asks wrongly, loses Entra's error code, and can hang
// after the context has ended; whose prompt=select_account cannot be left out;
// and which waits for the command that opens the browser. MSAL still writes
// the authorize URL, redeems the code and caches the tokens.
type Browser struct {
	// Open shows the page at a short http://localhost address to the person,
	// and need not wait for them. It is called on a goroutine of its own, and
	// is not waited for once the sign-in has ended; an error ends the sign-in.
	// nil: the system's browser.
	Open func(url string) error
}

// SignIn implements Prompt. It ends with ctx.
func (b *Browser) SignIn(ctx context.Context, req PromptRequest) (public.AuthResult, error) {
	where, err := loopback.ParseRedirect(req.RedirectURI)
	if err != nil {
		return public.AuthResult{}, err
	}
	end, err := loopback.Start(where)
	if err != nil {
		return public.AuthResult{}, err
	}
	defer end.Close()
	verifier := randomVerifier()
	target, err := authorizeURL(ctx, req, end, challengeOf(verifier))
	if err != nil {
		return public.AuthResult{}, entra.Typed(ctx, err)
	}
	if err := ctx.Err(); err != nil {
		return public.AuthResult{}, err // what MSAL knew already, it gave all the same
	}
	end.Lead(target)
	form, err := b.wait(ctx, end, req.Again)
	if err != nil {
		end.Show(ctx, loopback.GivenUp)
		return public.AuthResult{}, err
	}
	res, err := redeem(ctx, req, end.RedirectURI(), form, verifier)
	end.Show(ctx, pageFor(res, err))
	return res, err
}

// wait opens the page, as often as again says, and waits for Entra's answer.
func (b *Browser) wait(ctx context.Context, end *loopback.Server, again <-chan struct{}) (url.Values, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	page := end.Page()
	open := func() error {
		return openBrowser(page, func() bool { return end.Opened() || ctx.Err() != nil })
	}
	if b != nil && b.Open != nil {
		open = func() error { return b.Open(page) }
	}
	failed := make(chan error, 1)
	show := func() {
		if _, err := entra.Guard(inOpen, func() (struct{}, error) { return struct{}{}, open() }); err != nil {
			select {
			case failed <- err:
			default: // one error says enough
			}
		}
	}
	go show()
	for {
		select {
		case form := <-end.Answer():
			return form, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-again:
			go show()
		case err := <-failed:
			select {
			case form := <-end.Answer(): // it failed at the very end
				return form, nil
			default:
				return nil, notOpened(err)
			}
		}
	}
}

// openBrowser opens page in the system's browser; done says that it was shown,
// or that nobody waits for it any more.
func openBrowser(page string, done func() bool) error {
	why := loopback.OpenBrowser(page, done)
	if why == nil {
		return nil
	}
	return entra.OfKinds("a person must sign in, but no browser can be opened here ("+why.Error()+"); sign in on a machine with one, set Browser.Open, or use another Prompt",
		msalcae.ErrInteractionRequired, ErrNoBrowser)
}

func notOpened(err error) error {
	var ours *msalcae.Error
	if errors.As(err, &ours) || errors.Is(err, msalcae.ErrInteractionRequired) || errors.Is(err, ErrDeclined) {
		return err
	}
	return &msalcae.Error{Err: fmt.Errorf("the sign-in page could not be opened: %w", err)}
}

// authorizeURL returns the address at Entra to which the browser is sent: as
// MSAL writes it, with its claims, scopes and hints, but with our own redirect,
// state and PKCE challenge, by form_post, and without a prompt parameter when it
// is known who must sign in. Claims survive as JSON: MSAL merges its
// capabilities into them.
func authorizeURL(ctx context.Context, req PromptRequest, end *loopback.Server, challenge string) (string, error) {
	raw, err := msalAuthorizeURL(ctx, req, end.RedirectURI())
	if err != nil {
		return "", err
	}
	u, err := url.Parse(raw)
	if err != nil {
		return "", fmt.Errorf("%w: the authorization endpoint is not a URL", msalcae.ErrMisconfigured)
	}
	q := u.Query()
	q.Set("redirect_uri", end.RedirectURI())
	q.Set("state", end.State())
	q.Set("code_challenge", challenge)
	q.Set("code_challenge_method", "S256")
	q.Set("response_mode", "form_post")
	q.Del("prompt")
	if req.LoginHint == "" {
		q.Set("prompt", "select_account")
	}
	u.RawQuery = q.Encode()
	return u.String(), nil
}

var errCaptured = errors.New("the URL was captured")

// msalAuthorizeURL has MSAL write an authorize URL. AuthCodeURL wants to be told
// the client id, which a client that somebody else built does not reveal; then
// the URL of an interactive sign-in is taken, which ends before it begins.
func msalAuthorizeURL(ctx context.Context, req PromptRequest, redirectURI string) (string, error) {
	if req.ClientID != "" {
		scopes := append(slices.Clone(req.Scopes), "openid", "offline_access", "profile")
		return entra.Guard(entra.InMSAL, func() (string, error) {
			return req.Client.AuthCodeURL(ctx, req.ClientID, redirectURI, scopes,
				public.WithClaims(req.Claims), public.WithLoginHint(req.LoginHint), public.WithTenantID(req.Tenant))
		})
	}
	captured, failed := make(chan string, 1), make(chan error, 1)
	go func() {
		_, err := entra.Guard(entra.InMSAL, func() (public.AuthResult, error) {
			return req.Client.AcquireTokenInteractive(ctx, req.Scopes,
				public.WithClaims(req.Claims), public.WithLoginHint(req.LoginHint), public.WithTenantID(req.Tenant),
				public.WithOpenURL(func(u string) error { captured <- u; return errCaptured }))
		})
		failed <- err
	}()
	select {
	case u := <-captured:
		return u, nil // and MSAL's server, which nobody knows of, closes
	case err := <-failed:
		select {
		case u := <-captured:
			return u, nil
		default:
			return "", err
		}
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// redeem exchanges the code of Entra's answer for tokens, which MSAL caches.
func redeem(ctx context.Context, req PromptRequest, redirectURI string, form url.Values, verifier string) (public.AuthResult, error) {
	code, err := entra.CodeOf(form)
	if err != nil {
		return public.AuthResult{}, err
	}
	call := patiently[public.AuthResult]
	if req.wrapped() {
		call = once
	}
	res, err := call(ctx, func() (public.AuthResult, error) {
		return req.Client.AcquireTokenByAuthCode(ctx, code, redirectURI, req.Scopes,
			public.WithChallenge(verifier), public.WithClaims(req.Claims), public.WithTenantID(req.Tenant))
	})
	if err == nil && req.check != nil {
		err = req.check(res)
	}
	return res, err
}

func pageFor(res public.AuthResult, err error) loopback.Page {
	p := loopback.Page{Status: http.StatusOK, Title: "You are not signed in", Next: loopback.BackToProgram}
	var entra *msalcae.Error
	switch {
	case err == nil:
		return loopback.SignedIn(res.Account.PreferredUsername)
	case errors.Is(err, ErrDeclined):
		p.Text = "The sign-in was declined."
	case errors.Is(err, msalcae.ErrAccountMismatch):
		p.Text = "The program needs another account than the one that signed in; nothing of that one was kept."
		p.Next = "Go back to the program and start again, with the right account."
	default:
		p.Text = "Entra did not complete the sign-in."
		p.Next = "Go back to the program; it says what to do."
	}
	if errors.As(err, &entra) {
		p.Code = entra.Code
		for _, n := range entra.AADSTS {
			p.Code += fmt.Sprintf(" AADSTS%d", n)
		}
	}
	return p
}
