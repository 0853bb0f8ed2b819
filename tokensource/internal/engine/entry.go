package engine

import (
	"math"
	"slices"
	"sync/atomic"
	"time"

	"github.com/msalcae/msalcae"
)

const (
	// refreshLead is when a background refresh is due before the end of a
	// token without RefreshOn. MSAL answers from its cache until 300 s before.
	refreshLead = 295 * time.Second
	// sendMargin is the least life of a token that is sent: what a request may
	// need to arrive, and clocks may differ by.
	sendMargin = 10 * time.Second
)

// An entry is a token with what the engine knows of it. What changes once it is
// shared is atomic or guarded by Source.mu. Most sources have one and there may
// be very many, so that what few need is kept aside.
type entry struct {
	// What a warm request looks at, together.
	tok       *msalcae.Token
	usable    int64         // Unix ns until which it is sent
	refreshAt atomic.Int64  // Unix ns from which a refresh is due
	seen      atomic.Uint64 // Voids.changes up to which it is known not to be voided

	print    Fingerprint
	order    uint64   // of the flight that obtained it, by start
	asked    uint64   // as in SharedToken
	obtained int64    // Unix ns
	demand   Demand   // that it was obtained with; nil: none
	since    *renewed // the last renewal when it was obtained, itself included; nil: none
	newborn  bool     // issued to the flight, not found in a cache
	silent   bool     // obtained without asking a person

	tries uint8        // to replace it; guarded
	tried atomic.Int64 // Unix ns before which no replacement is tried again
	short *shortcoming // guarded; nil: it has served everybody
}

// A renewed is what is remembered of a token that answered a challenge which voided
// another, in all that came after it; its text is not.
type renewed struct {
	order, asked uint64
	demand       Demand
}

// A shortcoming is in what an entry did not serve.
type shortcoming struct {
	// freshAgain is from when another token is sought because this one is
	// short-lived for MinTTL.
	freshAgain time.Time
	unmet      []string // substances for which it was refused all the same
}

// shortcoming returns what is to be noted of e.
func (e *entry) shortcoming() *shortcoming {
	if e.short == nil {
		e.short = new(shortcoming)
	}
	return e.short
}

// age is how long ago the token was obtained.
func (e *entry) age(now time.Time) time.Duration { return time.Duration(now.UnixNano() - e.obtained) }

// newEntry makes the entry of a token that f brought, whose fingerprint was made
// where no lock is held.
func newEntry(tok *msalcae.Token, print Fingerprint, f *flight, silent bool) *entry {
	now := time.Now()
	e := &entry{
		tok: tok, print: print, order: f.order, asked: f.asked, obtained: now.UnixNano(), demand: f.demand,
		newborn: f.fresh || f.demand != nil || !silent, silent: silent,
	}
	if tok.ExpiresOn.IsZero() { // as in x/oauth2: it does not expire
		e.usable = math.MaxInt64
		e.refreshAt.Store(e.usable)
		return e
	}
	e.usable = nanos(tok.ExpiresOn.Add(-sendMargin))
	e.refreshAt.Store(nanos(refreshTime(tok, now)))
	return e
}

// nanos is t in Unix ns, or the end of that scale in the year 2262 if t is later.
func nanos(t time.Time) int64 {
	if t.Year() >= 2262 {
		return math.MaxInt64
	}
	return t.UnixNano()
}

// refreshTime is RefreshOn where Entra gave one, but not at once, since Entra
// might do so each time; else refreshLead before the end. A token that lives
// shorter than that is refreshed at half its life.
func refreshTime(tok *msalcae.Token, now time.Time) time.Time {
	if !tok.RefreshOn.IsZero() && tok.RefreshOn.Before(tok.ExpiresOn) {
		if soonest := now.Add(refreshBackoff); tok.RefreshOn.Before(soonest) {
			return soonest
		}
		return tok.RefreshOn
	}
	lead := min(refreshLead, tok.ExpiresOn.Sub(now)/2)
	return tok.ExpiresOn.Add(-lead)
}

// serves reports whether the token may be sent now with at least ttl to live.
func (e *entry) serves(now int64, ttl time.Duration) bool {
	return now < e.usable-int64(max(ttl, sendMargin)-sendMargin)
}

// answers reports whether a token with r as its since satisfies a challenge that
// refused a token of the given order: it, or one before it, was obtained in answer
// to a challenge of the same substance and after that token.
func (r *renewed) answers(d Demand, refused uint64) bool {
	return r != nil && r.order > refused && r.demand.covers(d)
}

// meets reports whether the entry was obtained with what a step-up asks, and
// has not been refused for it.
func (e *entry) meets(d Demand, substance string) bool {
	return e.demand.covers(d) && (e.short == nil || !slices.Contains(e.short.unmet, substance))
}
