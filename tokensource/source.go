package tokensource

import (
	"context"
	"time"

	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/tokensource/internal/engine"
)

// An Acquirer obtains a token without asking a person. New turns one into a
// Source.
//
// req.Claims "" may be answered from a cache; "{}" asks for a new token; other
// claims are to be sent to Entra with the client's capabilities merged in.
// req.Rejected, if any, is a token that the Acquirer is to evict from its own
// cache; it never comes without claims. An error that is
// msalcae.ErrInteractionRequired says that a person must act; a *msalcae.Error
// with Status 429 or 503 is tried again.
//
// The context belongs to the token request, not to any caller: it has no
// caller's values and ends by the Source's own limit. A Source makes one call at a
// time for one purpose, and may make calls with different claims beside it. A
// call that has not ended one second after its context is left behind, and does
// not keep the Source from making the next.
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

	hosts  []string // that the scopes are for, in the form of Transport.Hosts
	err    error    // why there can be no token at all; nil: there can
	engine engine.Source
}

// New returns a Source over acquire, which may obtain tokens from anywhere.
// Nobody is ever asked to sign in: what acquire reports as
// msalcae.ErrInteractionRequired is returned to the caller.
func New(acquire Acquirer) *Source { return newSource(nil, engine.Flow{Acquire: acquire}) }

// newSource returns a source for hosts, whose tokens f obtains.
func newSource(hosts []string, f engine.Flow) *Source {
	s := &Source{hosts: hosts}
	s.engine.Init(f)
	return s
}

// failing returns a source whose every token is err.
func failing(err error) *Source {
	s := New(func(context.Context, msalcae.TokenRequest) (*msalcae.Token, error) { return nil, err })
	s.err = err
	return s
}

// Hosts names the hosts that the source's tokens are for, in the form of
// msalcae.Transport.Hosts; nil if its scopes do not tell.
func (s *Source) Hosts() []string { return s.hosts }

// Err returns why the source can never give a token: it was made with arguments
// that cannot be right, such as no scopes. It is msalcae.ErrMisconfigured, and
// what Token returns. nil: it can give tokens.
func (s *Source) Err() error { return s.err }

// Token returns the token in use, or waits for a new one until ctx ends. Each
// caller leaves at its own deadline; the token request goes on for the others.
//
// Errors are *msalcae.Error for what Entra answered, and satisfy errors.Is with
// msalcae.ErrInteractionRequired, msalcae.ErrPaused or
// wwwauth.ErrMalformedClaims (req.Claims cannot be used) where these apply. If
// ctx ends first, its error is returned bare.
func (s *Source) Token(ctx context.Context, req msalcae.TokenRequest) (*msalcae.Token, error) {
	return s.engine.Token(ctx, &req, s.limits())
}

// Refused tells the source of a token that an API refused without being asked
// again for another: by a plain 401 (claims ""), or by a claims challenge to a
// request that had already been replayed. Transport calls it. It returns at
// once.
//
// A plain 401 to a token older than five minutes starts a background refresh.
func (s *Source) Refused(token, claims string) { s.engine.Refused(token, claims, s.limits()) }

func (s *Source) limits() engine.Limits {
	return engine.Limits{
		ChallengesPerMinute: s.ChallengesPerMinute,
		RequestTimeout:      s.RequestTimeout,
		PromptTimeout:       s.PromptTimeout,
	}
}
