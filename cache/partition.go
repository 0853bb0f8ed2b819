package cache

import (
	"context"
	"slices"
	"strings"
	"time"
)

// A Scope is everything that must agree for tokens to be shared. Entra's
// answers depend on all of it; tokens of clients with and without capability
// cp1 in one cache would break each other.
type Scope struct {
	// Authority is the address at which the client's tokens are issued, such
	// as https://login.microsoftonline.com/<tenant>.
	Authority string
	// ClientID is the application's.
	ClientID string
	// Capabilities are the client capabilities, in any order and case.
	Capabilities []string
	// Subject says whose tokens: what else tells two partitions apart, such as
	// the kind of client, or a person's home account id.
	Subject string
}

// A Partition is the part of a Cache that one client uses: what MSAL keeps
// (see Accessor), and Contents of our own. Safe for concurrent use.
type Partition struct {
	msal, ours record
}

// Partition returns the part of the cache for a scope. Equal scopes, in the
// same or in different processes, share it.
func (c *Cache) Partition(s Scope) *Partition {
	var caps []string
	for _, capability := range s.Capabilities {
		caps = append(caps, strings.ToLower(capability))
	}
	slices.Sort(caps)
	dims := []string{s.Authority, strings.ToLower(s.ClientID), strings.Join(slices.Compact(caps), " "), s.Subject}
	return &Partition{
		msal: record{c, append([]string{"msal"}, dims...)},
		ours: record{c, append([]string{"ours"}, dims...)},
	}
}

// blobLife is how long what MSAL keeps is of use: a refresh token of Entra's
// ends after 90 days without use.
const blobLife = 90 * 24 * time.Hour

// Lock waits until this process may do what purpose names, such as a token
// request, while no other process with the partition does, and returns a
// function that ends this. Whoever gets it looks into Contents again: another
// may have been faster. An error says that there is no telling (ErrStalled,
// that of ctx, or the Store's): then go on without the lock.
func (p *Partition) Lock(ctx context.Context, purpose string) (unlock func(), err error) {
	return p.ours.lock(ctx, purpose)
}

// Delete removes all that the partition has, at whatever cost to other
// processes that use it.
func (p *Partition) Delete(ctx context.Context) error {
	if err := p.ours.cache.err; err != nil {
		return err
	}
	return p.ours.delete(ctx, append(p.ours.names(), p.msal.names()...)...)
}
