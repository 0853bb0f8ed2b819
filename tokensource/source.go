// Package tokensource gives token sources for msalcae over MSAL Go.
package tokensource

import (
	"context"
	"errors"
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

// A flow is how a Source obtains tokens: silently and, where somebody can be
// asked, by a prompt. The engine decides when to use which; a flow keeps no
// tokens, coalesces nothing and sets no time limits of its own.
type flow struct {
	// acquire never asks a person. It fails with an error that is
	// ErrInteractionRequired when a person must act.
	acquire Acquirer
	// prompt asks a person to sign in with req.Claims; nil: nobody can be
	// asked. The engine calls it for one source of a gate at a time.
	prompt Acquirer
	// gate is shared by the sources that would show their prompts in the same
	// place; nil without prompt.
	gate *gate
	// hosts that the scopes are for, in the form of Transport.Hosts.
	hosts []string
}

// A gate lets one prompt at a time through.
type gate struct{ turn chan struct{} }

func newGate() *gate { return &gate{turn: make(chan struct{}, 1)} }

// A Source keeps the newest token of a flow.
type Source struct {
	flow    flow
	flights singleflight.Group

	mu      sync.Mutex
	current *msalcae.Token
	voided  map[string]bool
}

// New returns a Source over acquire.
func New(acquire Acquirer) *Source { return newSource(flow{acquire: acquire}) }

func newSource(f flow) *Source { return &Source{flow: f, voided: map[string]bool{}} }

// Hosts names the hosts that the source's tokens are for; nil if its scopes do
// not tell.
func (s *Source) Hosts() []string { return s.flow.hosts }

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
		tok, err := s.flow.acquire(flight, req)
		if errors.Is(err, msalcae.ErrInteractionRequired) && s.flow.prompt != nil && !req.NoPrompt {
			tok, err = s.flow.prompt(flight, req)
		}
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
