package cache

import (
	"crypto/rand"
	"sync"
)

// A Cache seals what tokens need to outlive a process and keeps it in a Store.
// It is made by New, safe for concurrent use, and needs no closing. Clients
// that are given the same Cache share what they have in common, and nothing
// else.
type Cache struct {
	store   Store
	sealers []*sealer // the first one seals
	err     error

	mu   sync.Mutex
	seen map[string]uint64 // newest versions of records, by name
}

// maxSeen bounds the records whose versions are remembered.
const maxSeen = 4096

// New returns a Cache over store, sealed with the first of keys; what the
// others have sealed is read too. Keys are at least 32 random bytes; see Err.
// Without keys it makes one of its own, so that no other Cache reads what it
// has stored.
func New(store Store, keys ...[]byte) *Cache {
	c := &Cache{store: store, seen: map[string]uint64{}}
	if len(keys) == 0 {
		key := make([]byte, leastKey)
		_, _ = rand.Read(key) // never fails
		keys = [][]byte{key}
	}
	for _, key := range keys {
		s, err := newSealer(key)
		if err != nil {
			c.err = err
			return c
		}
		c.sealers = append(c.sealers, s)
	}
	if store == nil {
		c.err = errNoStore
	}
	return c
}

// Err returns why the Cache can keep nothing: a key is too short (ErrBadKey),
// or there is no Store. It is what every use of it comes to. nil: it can.
func (c *Cache) Err() error { return c.err }

// witness notes the version of a record, and reports whether it is not older
// than one that was seen before.
func (c *Cache) witness(name string, version uint64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	newest, known := c.seen[name]
	if version < newest {
		return false
	}
	if !known && len(c.seen) >= maxSeen {
		for any := range c.seen {
			delete(c.seen, any)
			break
		}
	}
	c.seen[name] = version
	return true
}

// newest is the newest version of the record that was seen; 0 if none was.
func (c *Cache) newest(name string) uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.seen[name]
}

// forget is for records that this Cache has removed.
func (c *Cache) forget(names []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, name := range names {
		delete(c.seen, name)
	}
}
