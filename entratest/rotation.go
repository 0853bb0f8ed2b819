package entratest

import (
	"sync"

	"github.com/msalcae/msalcae/entratest/internal/jose"
)

// A rotation is the keys that a server signs with, one after another.
type rotation struct {
	mu   sync.RWMutex
	past int // keys that have been replaced
}

// publishedKeys is how many keys the server publishes: the one that signs, and
// the latest that did.
const publishedKeys = 3

// sharedKeys are those of all servers of the process, in the order in which
// they sign: to make a key takes longer than many tests do.
var sharedKeys struct {
	mu  sync.Mutex
	all []*jose.Key
}

// nthKey returns one of sharedKeys, which it makes if it is not there.
func nthKey(n int) *jose.Key {
	sharedKeys.mu.Lock()
	defer sharedKeys.mu.Unlock()
	for len(sharedKeys.all) <= n {
		sharedKeys.all = append(sharedKeys.all, jose.NewQuickKey("entratest token signing: for tests only", certsFrom, certsUntil))
	}
	return sharedKeys.all[n]
}

// RotateKeys makes another key sign from now on. The two latest before it stay
// published, and tokens that they signed good; those of older keys are not any
// more. A client that validates tokens has to load the keys anew.
func (s *Server) RotateKeys() {
	s.keys.mu.Lock()
	s.keys.past++
	next := s.keys.past
	s.keys.mu.Unlock()
	nthKey(next)
	s.verifier.forget()
}

// published returns the keys, the one that signs first.
func (s *Server) published() []*jose.Key {
	s.keys.mu.RLock()
	last := s.keys.past
	s.keys.mu.RUnlock()
	var keys []*jose.Key
	for n := last; n >= 0 && n > last-publishedKeys; n-- {
		keys = append(keys, nthKey(n))
	}
	return keys
}

// signer is the key that signs.
func (s *Server) signer() *jose.Key {
	s.keys.mu.RLock()
	n := s.keys.past
	s.keys.mu.RUnlock()
	return nthKey(n)
}

// key finds a published key; nil: there is none of that id.
func (s *Server) key(kid string) *jose.Key {
	for _, k := range s.published() {
		if k.ID == kid {
			return k
		}
	}
	return nil
}
