package msalcae

import (
	"context"
	"time"
)

// Trace is a set of hooks that are called as a Transport and its source work.
// Any hook may be nil. Hooks are called by the goroutine that does the work,
// possibly by several at once and after the request that caused it has
// returned; they must be quick, safe for that, and must not panic. No Info holds a token or a
// secret; claims are given because they say why, and may hold an IP address.
//
// A token request that several callers share reports to the Trace of the one
// that started it. The context is that of the caller, or, in work that
// outlives callers, one without their values.
type Trace struct {
	// HostSkipped: a request went out without a token.
	HostSkipped func(context.Context, HostSkippedInfo)
	// Challenged: an API answered with a claims challenge.
	Challenged func(context.Context, ChallengedInfo)
	// Replayed: a challenged request was sent a second time.
	Replayed func(context.Context, ReplayedInfo)
	// Acquired: a token request ended, well or not.
	Acquired func(context.Context, AcquiredInfo)
	// Joined: a caller waited for a token request that another had started.
	Joined func(context.Context, JoinedInfo)
	// Refreshed: a background refresh ended, well or not.
	Refreshed func(context.Context, RefreshedInfo)
	// Rejected: a source took a token out of use.
	Rejected func(context.Context, RejectedInfo)
	// Paused: a source refused to ask Entra again yet.
	Paused func(context.Context, PausedInfo)
	// Prompted: a person was asked to sign in, and answered or not.
	Prompted func(context.Context, PromptedInfo)
	// CacheFailed: a persistent cache could not be used; the call went on.
	CacheFailed func(context.Context, CacheFailedInfo)
}

type traceKey struct{}

// WithTrace returns a context whose calls report to t: those that obtain a
// token and take no TokenRequest, which are SignIn of tokensource.Public and
// Redeem of tokensource.WebApp. Transport and TokenRequest have fields of their
// own, and do not look here. nil: nobody is told.
func WithTrace(ctx context.Context, t *Trace) context.Context {
	return context.WithValue(ctx, traceKey{}, t)
}

// ContextTrace returns what WithTrace was given, nil if nothing.
func ContextTrace(ctx context.Context) *Trace {
	t, _ := ctx.Value(traceKey{}).(*Trace)
	return t
}

// HostSkippedInfo says which host received no token, and why.
type HostSkippedInfo struct {
	Host   string // as in the request's URL
	Reason string // one clause, for a person
}

// ChallengedInfo describes a claims challenge.
type ChallengedInfo struct {
	Method string // of the challenged request
	Host   string // as in its URL
	Claims string // decoded; "" if they could not be used
	Reason string // one clause, for a person
	Err    error  // why the claims could not be used; nil otherwise
}

// ReplayedInfo describes the second send of a challenged request.
type ReplayedInfo struct {
	Method string        // of the request
	Host   string        // as in its URL
	Status int           // HTTP status of the second answer; 0 if there was none
	Took   time.Duration // from the second send to its answer
	Err    error         // of the second send
}

// AcquiredInfo describes a token request.
type AcquiredInfo struct {
	Claims    string        // that the token was asked for with; "" for none
	Took      time.Duration // of the whole acquisition, prompt included
	ExpiresOn time.Time     // of the token obtained
	Err       error         // nil if a token was obtained
}

// JoinedInfo describes a wait for another caller's token request.
type JoinedInfo struct {
	Claims string        // that this caller wanted; "" for none
	Waited time.Duration // until the token request ended or the caller left
	Err    error         // what this caller got; its context's error if it left
}

// RefreshedInfo describes a background refresh.
type RefreshedInfo struct {
	Took      time.Duration // of the whole refresh
	ExpiresOn time.Time     // of the token obtained
	Err       error         // the token in use stays in use
}

// RejectedInfo describes a token that was taken out of use.
type RejectedInfo struct {
	ExpiresOn time.Time // when it would have ended
	Claims    string    // what the API asked for instead
}

// PausedInfo describes a refusal to ask Entra, or a person, again yet.
type PausedInfo struct {
	Until  time.Time // when asking is allowed again
	Reason string    // one clause, for a person
}

// PromptedInfo describes an interactive sign-in.
type PromptedInfo struct {
	Reason string        // why the person was asked, one clause
	Took   time.Duration // from the question to the end of the sign-in
	Err    error         // nil if the person signed in
}

// CacheFailedInfo describes a failure of a persistent cache.
type CacheFailedInfo struct {
	Op  string // "load", "store", "delete" or "lock"
	Err error  // of the store
}
