package engine

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/msalcae/msalcae"
)

// A Source keeps, coalesces, refreshes and rejects the tokens that its Flow
// obtains for one resource and one identity. It is what tokensource.Source is
// made of, whose doc comments say what callers may rely on.
//
// A Source is safe for concurrent use, has no goroutine between calls and needs
// no closing. Init sets it up; it must not be copied after that.
type Source struct {
	current atomic.Pointer[entry] // written under mu
	flow    Flow

	mu    sync.Mutex
	state state
}

// Init sets up a zero Source over f, before anything else is done with it.
func (s *Source) Init(f Flow) {
	switch {
	case f.Voids == nil && f.Store == nil:
		f.Voids = NewVoids()
	case f.Voids == nil:
		f.Voids = NewSharedVoids()
	case f.Store != nil && !f.Voids.shared:
		panic("engine: a Source with a Store needs Voids made with NewSharedVoids")
	}
	if f.Clock == nil {
		f.Clock = new(Clock)
	}
	s.flow = f
}

// Token returns the token in use, or waits for a new one until ctx ends. Each
// caller leaves at its own deadline; the token request goes on for the others.
//
// Errors are *msalcae.Error for what Entra answered, and satisfy errors.Is with
// msalcae.ErrInteractionRequired, msalcae.ErrPaused or
// wwwauth.ErrMalformedClaims (req.Claims cannot be used) where these apply. If
// ctx ends first, its error is returned bare.
//
// req is read, and not kept: to copy it once more would cost a warm call as much
// again.
func (s *Source) Token(ctx context.Context, req *msalcae.TokenRequest, limits Limits) (*msalcae.Token, error) {
	if req.Claims == "" && req.Rejected == "" {
		if e := s.current.Load(); e != nil && e.seen.Load() == s.flow.Voids.changes.Load() {
			if soon := s.flow.Clock.latest(); e.serves(soon, req.MinTTL) && soon < e.refreshAt.Load() {
				return e.tok, nil
			}
			if e.serves(time.Now().UnixNano(), req.MinTTL) {
				s.refreshIfDue(e, req.Trace, limits)
				return e.tok, nil
			}
		}
	}
	return s.seek(ctx, *req, limits)
}

// Refused tells the source of a token that an API refused without being asked
// again for another: by a plain 401 (claims ""), or by a claims challenge to a
// request that had already been replayed. Transport calls it. It returns at
// once.
//
// A plain 401 to a token older than five minutes starts a background refresh.
func (s *Source) Refused(token, claims string, limits Limits) {
	if claims != "" {
		s.refusedReplay(token, claims)
		return
	}
	if e := s.current.Load(); e != nil && e.tok.Value == token && e.age(time.Now()) > refusalAge {
		s.renewSoon(e, limits)
	}
}
