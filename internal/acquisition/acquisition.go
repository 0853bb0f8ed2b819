// Package acquisition carries what a token request tells the caches below MSAL,
// which MSAL hands nothing but the context.
package acquisition

import (
	"context"
	"sync/atomic"
)

type key struct{}

// An Acquisition is what a cache should know of a token request under way.
type Acquisition struct {
	// Evict is the value of a rejected access token, which must leave every
	// cache; refresh token and account stay. "": none.
	Evict string
	// Sweep: the token is to leave memory, and no store is to be touched.
	Sweep bool
	// Claims: MSAL is given claims to ask for.
	Claims bool
	// Heard is set by a cache that hears of the token request. nil: nobody asks.
	Heard *atomic.Bool
	// Failed is told that a store failed: the token is worth more than its
	// being kept. nil: nobody is. op is one of msalcae.CacheFailedInfo.Op.
	Failed func(op string, err error)
	// Every: Failed is told of every failure, not of the first of many alone.
	Every bool
	// Renewal: the token is for somebody who is signed in. If they have been
	// signed out meanwhile, by another process, it must not sign them in again.
	Renewal bool
}

// Anew reports whether MSAL will look at none of the access tokens that it has:
// it passes over them when it is asked silently, with claims.
func (a Acquisition) Anew() bool { return a.Renewal && a.Claims }

// With returns a context for the requests of a.
func With(ctx context.Context, a Acquisition) context.Context {
	return context.WithValue(ctx, key{}, &a) // a pointer: no verb prints what is behind it
}

// From returns what With was given. ok is false outside a token request of
// ours, such as a sign-out, whose caller wants to know when a store fails.
func From(ctx context.Context) (a Acquisition, ok bool) {
	if p, ok := ctx.Value(key{}).(*Acquisition); ok {
		return *p, true
	}
	return Acquisition{}, false
}
