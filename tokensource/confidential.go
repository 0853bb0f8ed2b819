package tokensource

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/cache"
	"github.com/msalcae/msalcae/tokensource/internal/engine"
	"github.com/msalcae/msalcae/tokensource/internal/entra"
	"github.com/msalcae/msalcae/tokensource/internal/registry"
	"github.com/msalcae/msalcae/tokensource/internal/shelf"
)

// ConfidentialConfig describes a confidential client: an application with a
// credential of its own, such as a daemon or a web API.
type ConfidentialConfig struct {
	// Authority is where tokens are issued, such as
	// https://login.microsoftonline.com/<tenant>. Required.
	Authority string
	// ClientID is the application's. Required.
	ClientID string
	// Credential is made with one of MSAL's NewCredFrom functions, or with
	// CertificateFromPEM, FederatedTokenFile or GitHubActions. Required.
	Credential confidential.Credential
	// HTTPClient sends the requests to Authority: over its Transport, with its
	// Jar and Timeout. Redirects are followed within Authority's origin only,
	// and never with credentials. It must not be a client of msalcae's own.
	// nil: a client that uses the environment's proxy.
	HTTPClient *http.Client
	// Capabilities are client capabilities besides cp1, which is always sent.
	Capabilities []string
	// SendX5C sends the certificate's chain, for subject name and issuer
	// authentication. It has no meaning for other credentials.
	SendX5C bool
	// Region is the Azure region whose token service issues tokens for the
	// application itself, or confidential.AutoDetectRegion(). Only for
	// Microsoft's own authorities. "": none, unless the environment has
	// MSAL_FORCE_REGION.
	Region string
	// Cache keeps the application's own tokens beyond the process, and shares
	// them with other processes of the same client; see package cache. Its
	// failures cost persistence, not the call, and are told to
	// Trace.CacheFailed. Tokens of OnBehalfOf and of a WebApp's people stay in
	// memory. nil: all do.
	Cache *cache.Cache
	// DisableInstanceDiscovery keeps MSAL from asking Microsoft's cloud about
	// Authority's host. It is never asked about hosts that are not Microsoft's.
	DisableInstanceDiscovery bool
	// MaxAssertions bounds the assertions of OnBehalfOf that are remembered, a
	// source for each with its tokens, which take 15 to 25 KiB. The least
	// recently used leave first. Zero: 10,000.
	MaxAssertions int
}

// Format implements fmt.Formatter: no verb prints the credential.
func (cfg ConfidentialConfig) Format(s fmt.State, _ rune) {
	fmt.Fprintf(s, "ConfidentialConfig{Authority: %q, ClientID: %q}", cfg.Authority, cfg.ClientID)
}

// A Confidential gives sources of a confidential client. Its methods may be
// called by several goroutines at once, and again and again: equal arguments
// give the same [Source], of which the 131,072 used last are kept.
type Confidential struct {
	*confidentialClient
	tenant string // of the sources; "": the authority's
	err    error  // of every token; nil: none
}

// A confidentialClient is what all tenants of a Confidential share.
type confidentialClient struct {
	client    confidential.Client
	clientID  string           // "": wrapped
	authority entra.Authority  // zero: unknown
	wire      *entra.Wire      // nil: wrapped
	check     *capabilityCheck // nil: ours
	evicts    atomic.Bool      // the client was seen to have an Accessor
	sources   *registry.Registry[confidentialKey, *Source]
	delegates *shelf.Shelf[delegateKey, *Source]
	voids     *engine.Voids
	clock     engine.Clock
	kept      *kept
	// personal builds another MSAL client, for what belongs to one person:
	// what MSAL keeps of them goes when it does. nil: wrapped.
	personal func(...confidential.Option) (confidential.Client, error)
}

// maxSources bounds the sources that one client remembers: enough for the
// people of a busy service, whose tokens are most of what they cost.
const maxSources = 1 << 17

type confidentialKey struct{ tenant, scopes string }

func (k confidentialKey) hash() uint64 { return registry.HashString(k.scopes) ^ uint64(len(k.tenant)) }

// NewConfidential builds an MSAL client with capability cp1. An error is
// msalcae.ErrMisconfigured and says which field is wrong; nothing is sent.
func NewConfidential(cfg ConfidentialConfig) (*Confidential, error) {
	const config = "ConfidentialConfig"
	a, caps, w, err := vetted(config, cfg.Authority, cfg.ClientID, cfg.Capabilities, cfg.HTTPClient)
	if err != nil {
		return nil, err
	}
	region, err := regionOption(a, cfg.Region)
	if err == nil {
		err = checkCache(config, cfg.Cache)
	}
	if err != nil {
		return nil, err
	}
	opts := []confidential.Option{
		confidential.WithClientCapabilities(caps),
		confidential.WithHTTPClient(w),
	}
	if cfg.DisableInstanceDiscovery || !a.Microsoft() {
		opts = append(opts, confidential.WithInstanceDiscovery(false))
	}
	if cfg.SendX5C {
		opts = append(opts, confidential.WithX5C())
	}
	build := func(region string, more []confidential.Option) (confidential.Client, error) {
		all := append(slices.Clone(opts), confidential.WithAzureRegion(region))
		return confidential.New(a.URL, cfg.ClientID, cfg.Credential, append(all, more...)...)
	}
	client, err := build(region, []confidential.Option{confidential.WithCache(&Accessor{})})
	if err != nil {
		// What is left to be wrong. MSAL's text says little, and nothing of
		// the credential.
		return nil, fmt.Errorf("%w: ConfidentialConfig.Credential is not usable (%v); make it with one of MSAL's NewCredFrom functions", msalcae.ErrMisconfigured, err)
	}
	c := wrapConfidential(client)
	c.clientID, c.authority, c.wire, c.check = cfg.ClientID, a, w, nil
	c.kept = newKept(cfg.Cache, "application", a, cfg.ClientID, caps)
	c.voids = c.kept.voids()
	c.evicts.Store(true)
	c.personal = func(more ...confidential.Option) (confidential.Client, error) {
		return build(noRegion, more) // Entra's regional token services know applications alone
	}
	if cfg.MaxAssertions > 0 {
		c.delegates = shelf.New[delegateKey, *Source](cfg.MaxAssertions, delegateKey.hash)
	}
	return c, nil
}

// WrapConfidential uses a client that the caller built, which must have
// capability cp1 (confidential.WithClientCapabilities). If it is seen not to
// have it, its sources fail with an error that is msalcae.ErrMisconfigured.
// Its HTTP client and cache stay the caller's: use one with a Timeout, and an
// [Accessor] over the other, so that rejected tokens leave it. Sources for scopes
// without a resource need Transport.Hosts.
func WrapConfidential(client confidential.Client) *Confidential { return wrapConfidential(client) }

func wrapConfidential(client confidential.Client) *Confidential {
	return &Confidential{confidentialClient: &confidentialClient{
		client:    client,
		check:     &capabilityCheck{},
		sources:   registry.New[confidentialKey, *Source](maxSources, confidentialKey.hash),
		delegates: shelf.New[delegateKey, *Source](maxAssertions, delegateKey.hash),
		voids:     engine.NewVoids(),
	}}
}

// Tenant returns a Confidential whose sources are for another tenant, given by
// its id or domain name. "" is the authority's own. Sources for what cannot be
// a tenant fail with an error that is msalcae.ErrMisconfigured.
func (c *Confidential) Tenant(id string) *Confidential {
	t := &Confidential{confidentialClient: c.confidentialClient}
	if tenant := strings.ToLower(id); tenant != c.authority.Tenant && id != "" {
		t.tenant, t.err = tenant, entra.CheckTenant(id)
	}
	return t
}

// App returns the source of the application's own tokens (client credentials
// grant). Entra wants one scope, <resource>/.default. Without a valid scope
// the source fails with an error that is msalcae.ErrMisconfigured.
func (c *Confidential) App(scopes ...string) *Source {
	form, err := formOf(scopes)
	if err == nil {
		err = c.err
	}
	if err != nil {
		return failing(err)
	}
	key := confidentialKey{c.tenant, form.key}
	if s, ok := c.sources.Find(key); ok {
		return s
	}
	return c.sources.FindOr(key, func() *Source {
		tenant := cmp.Or(c.tenant, c.authority.Tenant)
		return newSource(entra.ScopeHosts(c.authority, form.canonical), engine.Flow{
			Acquire: c.appAcquirer(form.canonical), Voids: c.voids, Clock: &c.clock,
			Store: c.kept.store(form.key, func(context.Context) string { return tenant }),
		})
	})
}

// CloseIdleConnections closes the connections to Entra that are not in use. It
// does nothing for a wrapped client, whose HTTP client is the caller's.
func (c *Confidential) CloseIdleConnections() {
	if c.wire != nil {
		c.wire.CloseIdleConnections()
	}
}

func (c *Confidential) appAcquirer(scopes []string) Acquirer {
	return func(ctx context.Context, req msalcae.TokenRequest) (*msalcae.Token, error) {
		kept := req
		kept.Rejected = "" // a new token takes its place in MSAL's cache, which is dear to search
		asking := acquiring(ctx, kept, &c.evicts)
		tok, err := c.app(asking, scopes, req.Claims)
		if err != nil {
			c.sweep(ctx, req.Rejected)
			return nil, err
		}
		if err := c.checkCapability(ctx, scopes); err != nil {
			return nil, err
		}
		return tok, nil
	}
}

// checkCapability looks for cp1 in a client that the caller built.
func (c *Confidential) checkCapability(ctx context.Context, scopes []string) error {
	return c.check.verify(ctx, func(ctx context.Context) (string, error) {
		return c.client.AuthCodeURL(ctx, "cp1-check", "https://localhost", scopes, confidential.WithTenantID(c.tenant))
	})
}

// app asks with claims, past MSAL's cache, or without, which the cache answers
// as long as it can.
func (c *Confidential) app(ctx context.Context, scopes []string, claims string) (*msalcae.Token, error) {
	return tokenOf(ctx, func() (*msalcae.Token, error) {
		return tokenFrom(c.client.AcquireTokenByCredential(ctx, scopes, confidential.WithClaims(claims), confidential.WithTenantID(c.tenant)))
	})
}

// vetted checks what both kinds of client are configured with, and returns what
// MSAL is given of it.
func vetted(config, authorityURL, clientID string, extra []string, client *http.Client) (a entra.Authority, caps []string, w *entra.Wire, err error) {
	if a, err = entra.ParseAuthority(config, authorityURL); err != nil {
		return a, nil, nil, err
	}
	if err = checkClientID(config, clientID); err != nil {
		return a, nil, nil, err
	}
	if caps, err = capabilities(config, extra); err != nil {
		return a, nil, nil, err
	}
	w, err = entra.NewWire(config, client, a)
	return a, caps, w, err
}

func checkClientID(config, id string) error {
	if id == "" || strings.TrimSpace(id) != id {
		return fmt.Errorf("%w: %s.ClientID is empty or has spaces around it; set it to the application's id", msalcae.ErrMisconfigured, config)
	}
	return nil
}

// noRegion is MSAL's value for none, whatever the environment says.
const noRegion = "DisableMsalForceRegion"

// regionOption returns the value for WithAzureRegion. MSAL reroutes clients to
// <region>.<host>, also when only the environment's MSAL_FORCE_REGION says so;
// that host exists at Microsoft's authorities alone.
func regionOption(a entra.Authority, region string) (string, error) {
	switch {
	case !a.Microsoft() && region != "":
		return "", fmt.Errorf("%w: ConfidentialConfig.Region is for Microsoft's own authorities; leave it empty for %s", msalcae.ErrMisconfigured, a.Host)
	case !a.Microsoft():
		return noRegion, nil
	case region == "", region == confidential.AutoDetectRegion():
		return region, nil
	case len(region) > 63 || strings.Trim(region, "abcdefghijklmnopqrstuvwxyz0123456789-") != "":
		return "", fmt.Errorf("%w: ConfidentialConfig.Region %q is not the short name of a region, such as westeurope", msalcae.ErrMisconfigured, region)
	}
	return region, nil
}
