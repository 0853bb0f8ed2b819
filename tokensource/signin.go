package tokensource

import (
	"context"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/internal/inflight"
	"github.com/msalcae/msalcae/tokensource/internal/registry"
)

// signInLimit bounds a SignIn whose context has no earlier deadline: a page
// that was closed cannot be told from one that somebody is still looking at.
const signInLimit = 5 * time.Minute

// SignIn asks a person to sign in, whatever tokens there are, with the claims
// that the source of these scopes is waiting for. Whoever signs in is the
// person of the zero Account from then on. It waits while another sign-in of
// the same Prompt is open, and ends with ctx or after 5 minutes.
//
// Errors are as for tokens; ErrDeclined says that nobody wanted to sign in.
// Prompted, Acquired and CacheFailed of msalcae.WithTrace's hooks are called.
func (p *Public) SignIn(ctx context.Context, scopes ...string) (public.Account, error) {
	if p.prompt == nil {
		return public.Account{}, errNoPrompt
	}
	form, err := formOf(scopes)
	if err != nil {
		return public.Account{}, err
	}
	told := signInTrace{ctx, msalcae.ContextTrace(ctx)}
	ctx, cancel := context.WithTimeout(acquiring(inflight.Mark(ctx), msalcae.TokenRequest{Trace: told.trace}, nil), signInLimit)
	defer cancel()
	leave, err := p.gate.Pass(ctx)
	if err != nil {
		return public.Account{}, notSignedIn(ctx, err)
	}
	defer leave()
	if err := ctx.Err(); err != nil {
		return public.Account{}, notSignedIn(ctx, err) // the gate was open
	}
	p.rouse(ctx, form.canonical)
	claims, hint, tenant := p.pending(ctx, form.key)
	u := &user{public: p, form: form, tenant: tenant}
	start := time.Now()
	res, err := u.prompt(ctx, claims, hint)
	told.prompted(claims, start, err)
	told.acquired(claims, start, res, err)
	if err != nil {
		return public.Account{}, err
	}
	p.bind(res.Account)
	tok, home := tokenIn(res), homeOf(res.Account)
	for _, e := range p.waiting(form.key, tenant) {
		if e.Key.home == "" || e.Key.home == home {
			e.Value.engine.Adopt(tok, claims)
		}
	}
	return res.Account, nil
}

// bind makes account the person of the zero Account. What the sources of the
// zero Account hold of another person must not be used any more.
func (p *Public) bind(account public.Account) {
	if p.person.bind(account) {
		p.forgetZero()
	}
	p.relieve(account)
}

// relieve tells the sources that account has just signed in.
func (p *Public) relieve(account public.Account) {
	p.departures.back(account)
	home := homeOf(account)
	for _, e := range p.sources.Matching(func(k publicKey) bool { return k.home == "" || k.home == home }) {
		e.Value.engine.Relieve()
	}
}

// forget drops what the sources of account hold.
func (p *Public) forget(account public.Account) {
	if p.person.unbind(account) {
		p.forgetZero()
	}
	home := homeOf(account)
	for _, e := range p.sources.Matching(func(k publicKey) bool { return k.home == home }) {
		e.Value.engine.Forget()
	}
}

func (p *Public) forgetZero() {
	for _, e := range p.sources.Matching(func(k publicKey) bool { return k.home == "" }) {
		e.Value.engine.Forget()
	}
}

// waiting returns the sources that a sign-in with these scopes to tenant may
// serve. "" is the authority's tenant.
func (p *Public) waiting(scopes, tenant string) []*registry.Entry[publicKey, *Source] {
	return p.sources.Matching(func(k publicKey) bool { return k.scopes == scopes && k.tenant == tenant })
}

// pending returns the claims that the next sign-in with these scopes must
// carry, the name of the account that they were asked of, if one is known, and
// the tenant: the authority's, unless only another's source waits for claims.
func (p *Public) pending(ctx context.Context, scopes string) (claims, hint, tenant string) {
	elsewhere := p.sources.Matching(func(k publicKey) bool { return k.scopes == scopes && k.tenant != "" })
	for _, e := range append(p.waiting(scopes, ""), elsewhere...) {
		claims = e.Value.engine.PendingClaims()
		switch {
		case claims == "":
		case e.Key.home == "":
			return claims, p.person.current().PreferredUsername, e.Key.tenant
		default:
			return claims, p.named(ctx, public.Account{HomeAccountID: e.Key.home}).PreferredUsername, e.Key.tenant
		}
	}
	return "", "", ""
}
