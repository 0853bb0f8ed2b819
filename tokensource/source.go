package tokensource

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/msalcae/msalcae"
)

// An Acquirer obtains a token without asking a person. New turns one into a
// Source.
//
// req.Claims "" may be answered from a cache; "{}" asks for a new token; other
// claims are to be sent to Entra with the client's capabilities merged in.
// req.Rejected, if any, is a token that the Acquirer is to evict from its own
// cache. An error that is msalcae.ErrInteractionRequired says that a person
// must act; a *msalcae.Error with Status 429 or 503 is tried again.
//
// The context belongs to the token request, not to any caller: it has no
// caller's values and ends by the Source's own limit. The engine never runs two
// calls for the same purpose at once, but may run calls with different claims.
type Acquirer func(ctx context.Context, req msalcae.TokenRequest) (*msalcae.Token, error)

// A Source gives tokens for one resource and one identity and is a
// msalcae.TokenSource. It keeps the newest token, refreshes it before it ends,
// shares one token request among all callers who need the same, and never
// again returns a token that an API has refused with a claims challenge, other
// than one that asked only for a stronger sign-in.
//
// A Source is safe for concurrent use, has no goroutine between calls and needs
// no closing. The exported fields may be set before its first use.
type Source struct {
	// ChallengesPerMinute is how many token requests and prompts challenges
	// may cause in a minute; further ones fail with msalcae.ErrPaused. Zero:
	// 10. Negative: no limit.
	ChallengesPerMinute int
	// RequestTimeout limits one token request, whatever deadlines its callers
	// have. Zero: 30 seconds.
	RequestTimeout time.Duration
	// PromptTimeout is how long a person may take to sign in. Zero: 5 minutes.
	PromptTimeout time.Duration

	current atomic.Pointer[entry] // written under mu
	flow    flow

	mu    sync.Mutex
	state state
}

// New returns a Source over acquire, which may obtain tokens from anywhere.
// Nobody is ever asked to sign in: what acquire reports as
// msalcae.ErrInteractionRequired is returned to the caller.
func New(acquire Acquirer) *Source { return newSource(flow{acquire: acquire}) }

func newSource(f flow) *Source {
	if f.voids == nil {
		f.voids = newVoids()
	}
	if f.store == nil {
		f.store = alone{}
	}
	if f.clock == nil {
		f.clock = new(clock)
	}
	return &Source{flow: f}
}

// Hosts names the hosts that the source's tokens are for, in the form of
// msalcae.Transport.Hosts; nil if its scopes do not tell.
func (s *Source) Hosts() []string { return s.flow.hosts }

// Err returns why the source can never give a token: it was made with arguments
// that cannot be right, such as no scopes. It is msalcae.ErrMisconfigured, and
// what Token returns. nil: it can give tokens.
func (s *Source) Err() error { return s.flow.err }

// Token returns the token in use, or waits for a new one until ctx ends. Each
// caller leaves at its own deadline; the token request goes on for the others.
//
// Errors are *msalcae.Error for what Entra answered, and satisfy errors.Is with
// msalcae.ErrInteractionRequired, msalcae.ErrPaused or
// wwwauth.ErrMalformedClaims (req.Claims cannot be used) where these apply. If
// ctx ends first, its error is returned bare.
func (s *Source) Token(ctx context.Context, req msalcae.TokenRequest) (*msalcae.Token, error) {
	if req.Claims == "" && req.Rejected == "" {
		if e := s.current.Load(); e != nil && e.seen.Load() == s.flow.voids.changes.Load() {
			if soon := s.flow.clock.latest(); e.serves(soon, req.MinTTL) && soon < e.refreshAt.Load() {
				return e.tok, nil
			}
			if e.serves(time.Now().UnixNano(), req.MinTTL) {
				s.refreshIfDue(e, req.Trace, s.limits())
				return e.tok, nil
			}
		}
	}
	return s.seek(ctx, req, s.limits())
}

func (s *Source) limits() limits {
	return limits{s.ChallengesPerMinute, s.RequestTimeout, s.PromptTimeout}
}

// Refused tells the source of a token that an API refused without being asked
// again for another: by a plain 401 (claims ""), or by a claims challenge to a
// request that had already been replayed. Transport calls it. It returns at
// once.
//
// A plain 401 to a token older than five minutes starts a background refresh.
func (s *Source) Refused(token, claims string) {
	if claims != "" {
		s.refusedReplay(token, claims)
		return
	}
	if e := s.current.Load(); e != nil && e.tok.Value == token && time.Since(e.obtained) > refusalAge {
		s.renewSoon(e, s.limits())
	}
}
