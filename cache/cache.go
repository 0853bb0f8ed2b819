package cache

import "crypto/rand"

// A Cache seals what tokens need to outlive a process and keeps it in a Store.
// It is made by New, safe for concurrent use, and needs no closing. Clients
// that are given the same Cache share what they have in common, and nothing
// else.
type Cache struct {
	store   Store
	sealers []*sealer // the first one seals
	err     error
	seen    ages
}

// New returns a Cache over store, sealed with the first of keys; what the
// others have sealed is read too. Keys are at least 32 random bytes; see Err.
// Without keys it makes one of its own, so that no other Cache reads what it
// has stored.
func New(store Store, keys ...[]byte) *Cache {
	c := &Cache{store: store}
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
