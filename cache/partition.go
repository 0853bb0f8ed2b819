package cache

import (
	"context"
	"errors"
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
// (see Accessor), and records of our own. Safe for concurrent use.
type Partition struct {
	cache *Cache
	dims  []string
}

// Partition returns the part of the cache for a scope. Equal scopes, in the
// same or in different processes, share it.
func (c *Cache) Partition(s Scope) *Partition {
	var caps []string
	for _, capability := range s.Capabilities {
		caps = append(caps, strings.ToLower(capability))
	}
	slices.Sort(caps)
	return &Partition{c, []string{s.Authority, strings.ToLower(s.ClientID), strings.Join(slices.Compact(caps), " "), s.Subject}}
}

// record returns a record of the partition; kinds keep what is different apart.
func (p *Partition) record(kind string, names ...string) record {
	return record{p.cache, slices.Concat([]string{kind}, p.dims, names)}
}

// blobLife is how long what MSAL keeps is of use: a refresh token of Entra's
// ends after 90 days without use.
const blobLife = 90 * 24 * time.Hour

// A Record is a piece of data that processes share, sealed and found by its
// name. Safe for concurrent use.
type Record struct{ record record }

// Record returns the partition's record of that name, which is any number of
// strings. Names of different lengths or parts are different.
func (p *Partition) Record(name ...string) *Record { return &Record{p.record("ours", name...)} }

// Load returns the record, nil if there is none. An error that is ErrUnreadable
// says that there was one which cannot be used, and was set aside.
func (r *Record) Load(ctx context.Context) ([]byte, error) {
	f, err := r.record.load(ctx)
	if errors.Is(err, ErrUnreadable) {
		r.record.setAside(ctx, f)
	}
	return f.plain, err
}

// Update replaces the record by what change makes of it. change gets nil if
// there is none, and returns nil to have none; it is called again with what is
// there then, as often as others were faster. Its error ends the update. After
// ttl without another update the record is of no use.
//
// An error that is ErrUnreadable says that what was there could not be read and
// was set aside; the update was made.
func (r *Record) Update(ctx context.Context, ttl time.Duration, change func(data []byte) ([]byte, error)) error {
	return r.record.update(ctx, ttl, func(plain []byte, _ bool) ([]byte, error) { return change(plain) })
}

// Delete removes the record. It is no error if there is none.
func (r *Record) Delete(ctx context.Context) error {
	if err := r.record.cache.err; err != nil {
		return err
	}
	return r.record.delete(ctx, r.record.names()...)
}

// Lock waits until this process may do what purpose names, such as a token
// request, while no other process with the record does, and returns a function
// that ends this. Whoever gets it loads the record again: another may have been
// faster. An error says that there is no telling (ErrStalled, that of ctx, or
// the Store's): then go on without the lock.
func (r *Record) Lock(ctx context.Context, purpose string) (unlock func(), err error) {
	return r.record.lock(ctx, purpose)
}
