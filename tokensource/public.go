package tokensource

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/cache"
	"github.com/msalcae/msalcae/internal/inflight"
	"github.com/msalcae/msalcae/tokensource/internal/engine"
	"github.com/msalcae/msalcae/tokensource/internal/entra"
	"github.com/msalcae/msalcae/tokensource/internal/loopback"
	"github.com/msalcae/msalcae/tokensource/internal/registry"
)

// PublicConfig describes a public client: an application on a person's device,
// which acts for those who sign in to it.
type PublicConfig struct {
	// Authority is where people sign in, such as
	// https://login.microsoftonline.com/<tenant>; the tenant may be common,
	// organizations or consumers. Required.
	Authority string
	// ClientID is the application's. Required.
	ClientID string
	// Prompt asks people to sign in, when Entra says that they must. nil:
	// nobody is asked, and what needs a person fails with an error that is
	// msalcae.ErrInteractionRequired.
	Prompt Prompt
	// RedirectURI is where sign-ins end, as registered for the application.
	// For a Browser it is http://localhost, 127.0.0.1 or [::1], where without
	// a port any free one is used. "": http://localhost.
	RedirectURI string
	// HTTPClient sends the requests to Authority; see ConfidentialConfig.
	HTTPClient *http.Client
	// Capabilities are client capabilities besides cp1, which is always sent.
	Capabilities []string
	// Cache keeps accounts, refresh tokens and what Sources know beyond the
	// process, and shares it with other processes of the same client; see
	// module cache/local. Its failures cost persistence, not the call, and are
	// told to Trace.CacheFailed. nil: memory.
	Cache *cache.Cache
	// DisableInstanceDiscovery keeps MSAL from asking Microsoft's cloud about
	// Authority's host. It is never asked about hosts that are not Microsoft's.
	DisableInstanceDiscovery bool
}

// A Public gives sources of a public client and signs people in and out. Its
// methods may be called by several goroutines at once, and Account again and
// again: equal arguments give the same [Source], of which the 131,072 used last
// are kept.
type Public struct {
	client      public.Client
	clientID    string
	redirectURI string
	authority   entra.Authority  // zero: unknown
	wire        *entra.Wire      // nil: wrapped
	check       *capabilityCheck // nil: ours
	prompt      Prompt
	gate        *engine.Gate
	sources     *registry.Registry[publicKey, *Source]
	voids       *engine.Voids
	clock       engine.Clock
	person      person
	departures  departures
	kept        *kept
}

// A publicKey's home is the HomeAccountID in lower case, "" for the zero Account.
type publicKey struct{ home, tenant, scopes string }

func (k publicKey) hash() uint64 { return registry.HashString(k.home) ^ uint64(len(k.scopes)) }

// NewPublic builds an MSAL client with capability cp1. An error is
// msalcae.ErrMisconfigured and says which field is wrong; nothing is sent.
func NewPublic(cfg PublicConfig) (*Public, error) {
	const config = "PublicConfig"
	a, caps, w, err := vetted(config, cfg.Authority, cfg.ClientID, cfg.Capabilities, cfg.HTTPClient)
	if err != nil {
		return nil, err
	}
	if err := checkCache(config, cfg.Cache); err != nil {
		return nil, err
	}
	if _, isBrowser := cfg.Prompt.(*Browser); isBrowser || cfg.Prompt == nil {
		if _, err := loopback.ParseRedirect(cfg.RedirectURI); err != nil {
			return nil, err
		}
	}
	k := newKept(cfg.Cache, "people", a, cfg.ClientID, caps)
	opts := []public.Option{public.WithAuthority(a.URL), public.WithClientCapabilities(caps), public.WithHTTPClient(w), public.WithCache(k.accessor())}
	if cfg.DisableInstanceDiscovery || !a.Microsoft() {
		opts = append(opts, public.WithInstanceDiscovery(false))
	}
	client, err := public.New(cfg.ClientID, opts...)
	if err != nil {
		return nil, fmt.Errorf("%w: MSAL does not accept PublicConfig (%v)", msalcae.ErrMisconfigured, err)
	}
	p := wrapPublic(client, cfg.Prompt)
	p.clientID, p.redirectURI, p.authority, p.wire, p.check = cfg.ClientID, cfg.RedirectURI, a, w, nil
	p.kept, p.voids = k, k.voids()
	return p, nil
}

// WrapPublic uses a client that the caller built, which must have capability
// cp1 (public.WithClientCapabilities). If it is seen not to have it, its
// sources fail with an error that is msalcae.ErrMisconfigured. Its HTTP client
// and cache stay the caller's: use one with a Timeout, and an [Accessor] over the
// other, so that rejected tokens leave it. prompt is as in PublicConfig.
// Sources for scopes without a resource need Transport.Hosts.
func WrapPublic(client public.Client, prompt Prompt) *Public { return wrapPublic(client, prompt) }

func wrapPublic(client public.Client, prompt Prompt) *Public {
	p := &Public{
		client:  client,
		check:   &capabilityCheck{},
		prompt:  prompt,
		sources: registry.New[publicKey, *Source](maxSources, publicKey.hash),
		voids:   engine.NewVoids(),
	}
	if prompt != nil {
		p.gate = gateOf(p, prompt)
	}
	return p
}

// Account returns the source of an account's tokens. An account that signed in
// to a certain tenant (Account.Realm) has tokens of that tenant.
//
// The zero Account stands for the one person who uses the program, shared by
// all its sources: at first the only account in MSAL's cache, later whoever
// signed in last, by SignIn or by a prompt of such a source. With several
// accounts in the cache and nobody signed in since, or when that person has
// signed out, somebody is asked.
//
// Without valid scopes, or with an account without HomeAccountID, the source
// fails with an error that is msalcae.ErrMisconfigured.
func (p *Public) Account(a public.Account, scopes ...string) *Source {
	form, err := formOf(scopes)
	if err != nil {
		return failing(err)
	}
	if a.HomeAccountID == "" && !a.IsZero() {
		return failing(errNoHome)
	}
	// As MSAL spells an account, nothing has to be brought into one form.
	given := publicKey{a.HomeAccountID, a.Realm, form.key}
	if given.tenant == p.authority.Tenant {
		given.tenant = ""
	}
	if s, ok := p.sources.Find(given); ok {
		return s
	}
	return p.sources.FindOr(publicKey{homeOf(a), p.tenantOf(a), form.key}, func() *Source { return p.newSource(a, form) })
}

func (p *Public) newSource(a public.Account, form *scopeForm) *Source {
	u := &user{public: p, home: a.HomeAccountID, name: a.PreferredUsername, tenant: p.tenantOf(a), form: form}
	f := engine.Flow{Acquire: u.acquire, Voids: p.voids, Clock: &p.clock}
	f.Store = p.store(homeOf(a), u.tenant, form.key)
	if p.prompt != nil {
		f.Prompt, f.Gate = u.ask, p.gate
	}
	return newSource(entra.ScopeHosts(p.authority, form.canonical), f)
}

// tenantOf returns the tenant to ask for tokens for a, "" for the authority's.
// Personal accounts have one tenant, which MSAL does not take beside consumers.
func (p *Public) tenantOf(a public.Account) string {
	tenant := strings.ToLower(a.Realm)
	if p.authority.Tenant == "consumers" || entra.Generic(tenant) || tenant == p.authority.Tenant || entra.CheckTenant(tenant) != nil {
		return ""
	}
	return tenant
}

// Accounts returns the accounts that signed in, one for each person, sorted by
// name. Those of a persistent cache that MSAL was given are among them.
func (p *Public) Accounts(ctx context.Context) ([]public.Account, error) {
	all, err := p.cached(inflight.Mark(ctx))
	if err != nil {
		return nil, err
	}
	return persons(all, p.authority.Tenant), nil
}

// SignOut forgets an account and all its tokens, here and in MSAL's cache. The
// zero Account is the person of the zero Account's sources. An account that is
// not signed in is no error. Entra's session in the browser goes on.
func (p *Public) SignOut(ctx context.Context, a public.Account) error {
	ctx = inflight.Mark(ctx)
	if a.IsZero() {
		var err error
		if a, err = p.whoever(ctx); err != nil {
			if errors.Is(err, errNobody) || errors.Is(err, errSignedOut) {
				return nil
			}
			return err
		}
	}
	if a.HomeAccountID == "" {
		return errNoHome
	}
	p.departures.leave(a)
	defer p.forget(a)
	if p.kept == nil {
		return p.removeAll(ctx, a)
	}
	ctx, failed := watchful(ctx)
	removed, kept := p.removeAll(ctx, a), p.removeKept(ctx, a)
	return cmp.Or(removed, failed(), kept) // which have one cause, as a rule
}

// CloseIdleConnections closes the connections to Entra that are not in use. It
// does nothing for a wrapped client, whose HTTP client is the caller's.
func (p *Public) CloseIdleConnections() {
	if p.wire != nil {
		p.wire.CloseIdleConnections()
	}
}
