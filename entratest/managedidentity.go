package entratest

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// A ManagedIdentity is an identity that the platform looks after: a program in
// Azure asks the platform, not Entra, for its tokens.
type ManagedIdentity struct {
	ClientID string `json:"client_id"`           // a GUID; AddManagedIdentity makes one for ""
	ObjectID string `json:"object_id,omitempty"` // a GUID, derived from ClientID for ""
	// ResourceID is what Azure calls a user-assigned identity, "/subscriptions/...";
	// "" is none.
	ResourceID string `json:"resource_id,omitempty"`
}

// systemIdentity is the client id of the system-assigned identity.
const systemIdentity = "99999999-0000-4000-8000-000000000010"

// AddManagedIdentity assigns an identity to the machine that asks: programs name
// it by its client id, object id or resource id. It panics if the client id is
// taken.
func (s *Server) AddManagedIdentity(m ManagedIdentity) ManagedIdentity {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.app(m.ClientID) != nil || s.wasObject(m.ClientID) {
		panic(fmt.Sprintf("entratest: AddManagedIdentity: the client id %q is taken", m.ClientID))
	}
	return *s.addManaged(m).managed
}

// ManagedIdentity returns the system-assigned identity of the machine, which is
// there from the beginning. Its events are had with its client id: Revoke, for
// example.
func (s *Server) ManagedIdentity() ManagedIdentity {
	s.mu.Lock()
	defer s.mu.Unlock()
	return *s.system.managed
}

func (d *directory) addManaged(m ManagedIdentity) *app {
	a := d.addApp(App{ClientID: m.ClientID, Name: "entratest managed identity"})
	if m.ObjectID != "" {
		a.objectID = m.ObjectID
	}
	m.ClientID, m.ObjectID = a.ClientID, a.objectID
	a.managed = &m
	return a
}

// managedBy finds a managed identity by the kind of id that a request names;
// nil: unknown.
func (d *directory) managedBy(kind, id string) *app {
	i := slices.IndexFunc(d.apps, func(a *app) bool {
		if a.managed == nil {
			return false
		}
		have := map[string]string{"client_id": a.managed.ClientID, "object_id": a.managed.ObjectID, "resource_id": a.managed.ResourceID}[kind]
		return have != "" && strings.EqualFold(have, id)
	})
	if i < 0 {
		return nil
	}
	return d.apps[i]
}

// ManagedIdentities says how the platform hands out tokens of managed
// identities. The zero value is what Azure does: it repeats a token for hours,
// whatever has happened, and no token takes part in Continuous Access
// Evaluation.
type ManagedIdentities struct {
	// NoCache has every request answered with a new token.
	NoCache bool
	// Revocation takes the parameters of clients that can say that a token was
	// rejected: capabilities (xms_cc), and the hash of the token that is to be
	// replaced (token_sha256_to_refresh), which the cache then forgets. Only
	// Service Fabric is known to, with App Service to follow.
	Revocation bool
	// CAE has all tokens carry capability cp1, so that the API challenges them.
	CAE bool
}

// SetManagedIdentities changes how the platform hands out tokens from now on.
func (s *Server) SetManagedIdentities(m ManagedIdentities) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.policy.identities = m
}

// A platformToken is what the platform keeps for an identity and a resource.
type platformToken struct {
	value   string
	expires time.Time
	hash    string // lower-case hex of the value's SHA-256
}

// identityLifetime is how long the tokens of managed identities live.
const identityLifetime = 24 * time.Hour

// kept returns the token that the platform repeats until it has five minutes
// left. hash is of one that it is to forget. s.mu is held.
func (s *Server) kept(key, hash string) (platformToken, bool) {
	t, ok := s.platform.Get(key)
	p := s.policy.identities
	if !ok || p.NoCache || p.Revocation && t.hash == strings.ToLower(hash) || time.Until(t.expires) < maxSkew {
		return platformToken{}, false
	}
	return t, true
}
