// Package tokensource gives token sources for msalcae over MSAL Go.
package tokensource

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/internal/inflight"
	"golang.org/x/sync/singleflight"
)

// An Acquirer obtains a token. Claims "" may be answered from a cache, "{}" asks
// for a new token; Rejected is a token to evict.
type Acquirer func(ctx context.Context, req msalcae.TokenRequest) (*msalcae.Token, error)

// A Source keeps the newest token of an Acquirer.
type Source struct {
	acquire Acquirer
	flights singleflight.Group

	mu      sync.Mutex
	current *msalcae.Token
	voided  map[string]bool
}

// New returns a Source over acquire.
func New(acquire Acquirer) *Source {
	return &Source{acquire: acquire, voided: map[string]bool{}}
}

// Token returns the newest token, or a new one.
func (s *Source) Token(ctx context.Context, req msalcae.TokenRequest) (*msalcae.Token, error) {
	s.mu.Lock()
	if req.Rejected != "" {
		s.voided[req.Rejected] = true
	}
	tok := s.current
	good := tok != nil && !s.voided[tok.Value] && time.Until(tok.ExpiresOn) > req.MinTTL
	s.mu.Unlock()
	if good {
		return tok, nil
	}
	done := s.flights.DoChan(req.Claims, func() (any, error) {
		flight, cancel := context.WithTimeout(inflight.Mark(context.Background()), 30*time.Second)
		defer cancel()
		tok, err := s.acquire(flight, req)
		if err != nil {
			return nil, err
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.voided[tok.Value] {
			return nil, fmt.Errorf("msalcae: Entra issued the rejected token again")
		}
		s.current = tok
		return tok, nil
	})
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case r := <-done:
		if r.Err != nil {
			return nil, r.Err
		}
		return r.Val.(*msalcae.Token), nil
	}
}
