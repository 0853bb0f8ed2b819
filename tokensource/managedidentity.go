package tokensource

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/managedidentity"
	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/tokensource/internal/engine"
	"github.com/msalcae/msalcae/tokensource/internal/entra"
	"github.com/msalcae/msalcae/tokensource/internal/managed"
	"github.com/msalcae/msalcae/tokensource/internal/registry"
)

// ManagedIdentityConfig describes an identity that Azure gives to the machine
// or service that the program runs on.
type ManagedIdentityConfig struct {
	// ID is a user-assigned identity: a managedidentity.UserAssignedClientID,
	// UserAssignedObjectID or UserAssignedResourceID. nil: the system-assigned
	// one.
	ID managedidentity.ID
	// HTTPClient sends the requests to the endpoint: over its Transport, with
	// its Jar and Timeout. Redirects are not followed. It must not be a client
	// of msalcae's own. nil: a client that uses no proxy.
	HTTPClient *http.Client
}

// A ManagedIdentity gives sources of a managed identity, over MSAL's client,
// which finds the endpoint by the environment: of a virtual machine (IMDS), App
// Service, Azure Machine Learning, Cloud Shell, Service Fabric or Azure Arc.
//
// Make one for each identity and keep it: all that is shared is shared within it.
// Its callers wait for one token request, and a token that an API refused is
// used by none of them again. Its methods may be called by several goroutines at
// once; equal arguments give the same [Source]. Two ManagedIdentity values make
// a request each and know nothing of each other, also if they are of the same
// identity: they may have different endpoints, HTTP clients and Traces, which
// the cache that MSAL has for the whole process mixes up. The endpoints answer
// the second one from a cache of their own.
//
// Continuous Access Evaluation does not reach managed identities
// (https://learn.microsoft.com/entra/identity/conditional-access/concept-continuous-access-evaluation-workload),
// and their endpoints take no claims. If an API challenges all the same, a
// source does what can be done: it asks for a new token, and if the endpoint
// has none but the refused one, fails with msalcae.ErrSameToken and never sends
// that one again. Step-ups are out of reach.
type ManagedIdentity struct {
	client  managedidentity.Client
	wire    *managed.Wire
	sources *registry.Registry[string, *Source]
	voids   *engine.Voids
	clock   engine.Clock
}

// NewManagedIdentity looks for the endpoint in the environment. An error is
// msalcae.ErrMisconfigured; nothing is sent.
func NewManagedIdentity(cfg ManagedIdentityConfig) (*ManagedIdentity, error) {
	id := cfg.ID
	if id == nil {
		id = managedidentity.SystemAssigned()
	}
	place, err := managedidentity.GetSource()
	if err != nil {
		return nil, fmt.Errorf("%w: MSAL finds no managed identity (%v)", msalcae.ErrMisconfigured, err)
	}
	wire, err := managed.NewWire(cfg.HTTPClient, place == managedidentity.DefaultToIMDS)
	if err != nil {
		return nil, err
	}
	// MSAL's own repetitions ignore Retry-After and lose the body of a POST.
	client, err := managedidentity.New(id, managedidentity.WithHTTPClient(wire), managedidentity.WithRetryPolicyDisabled())
	if err != nil {
		return nil, fmt.Errorf("%w: MSAL does not accept ManagedIdentityConfig.ID on %s (%v)", msalcae.ErrMisconfigured, place, err)
	}
	return &ManagedIdentity{client: client, wire: wire, sources: registry.New[string, *Source](maxSources, registry.HashString), voids: engine.NewVoids()}, nil
}

// App returns the source of the identity's tokens for one resource, which is
// named by <resource>/.default or by itself. With other scopes than one the
// source fails with an error that is msalcae.ErrMisconfigured.
func (m *ManagedIdentity) App(scopes ...string) *Source {
	form, err := formOf(scopes)
	if err == nil && len(form.canonical) != 1 {
		err = fmt.Errorf("%w: a managed identity has tokens for one resource at a time; name it as <resource>/.default", msalcae.ErrMisconfigured)
	}
	if err != nil {
		return failing(err)
	}
	key := strings.TrimSuffix(form.key, "/.default")
	if s, ok := m.sources.Find(key); ok {
		return s
	}
	resource := strings.TrimSuffix(form.canonical[0], "/.default")
	return m.sources.FindOr(key, func() *Source {
		return newSource(entra.ScopeHosts(entra.Authority{}, form.canonical), engine.Flow{Acquire: m.acquirer(resource), Voids: m.voids, Clock: &m.clock})
	})
}

// acquirer always asks the endpoint: MSAL's cache of managed identities is one
// for the whole process, and mixes endpoints. The Source keeps the token.
func (m *ManagedIdentity) acquirer(resource string) Acquirer {
	return func(ctx context.Context, _ msalcae.TokenRequest) (*msalcae.Token, error) {
		return tokenOf(ctx, func() (*msalcae.Token, error) {
			return tokenFrom(m.client.AcquireToken(ctx, resource, managedidentity.WithClaims(newTokenClaims)))
		})
	}
}

// CloseIdleConnections closes the connections to the endpoint that are not in
// use.
func (m *ManagedIdentity) CloseIdleConnections() { m.wire.CloseIdleConnections() }
