package tokensource

import (
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

// An entry is a token with what the engine knows of it. What changes once
// it is shared is atomic or guarded.
type entry struct {
	tok       *msalcae.Token
	print     fingerprint
	order     uint64 // of the flight that obtained it, by start
	obtained  time.Time
	usable    int64  // Unix ns until which it is sent
	demand    demand // that it was obtained with; nil: none
	renewed   bool   // obtained in answer to a challenge that voided its predecessor
	silent    bool   // obtained without asking a person
	refreshAt atomic.Int64
	tried     atomic.Int64  // Unix ns before which no replacement is tried again
	tries     int           // to replace it; guarded by Source.mu
	seen      atomic.Uint64 // voids.changes up to which it is known not to be voided
}

func newEntry(tok *msalcae.Token, f *flight, silent bool) *entry {
	now := time.Now()
	e := &entry{
		tok: tok, print: fingerprintOf(tok.Value), order: f.order, obtained: now,
		demand: f.demand, renewed: f.renews, silent: silent,
	}
	if tok.ExpiresOn.IsZero() { // as in x/oauth2: it does not expire
		e.usable = int64(^uint64(0) >> 1)
		e.refreshAt.Store(e.usable)
		return e
	}
	e.usable = tok.ExpiresOn.Add(-sendMargin).UnixNano()
	e.refreshAt.Store(refreshTime(tok, now).UnixNano())
	return e
}

// refreshTime is RefreshOn where Entra gave one, else refreshLead before the
// end; a token that lives shorter than that is refreshed at half its life.
func refreshTime(tok *msalcae.Token, now time.Time) time.Time {
	if tok.RefreshOn.After(now) && tok.RefreshOn.Before(tok.ExpiresOn) {
		return tok.RefreshOn
	}
	lead := min(refreshLead, tok.ExpiresOn.Sub(now)/2)
	return tok.ExpiresOn.Add(-lead)
}

// serves reports whether the token may be sent now with at least ttl to live.
func (e *entry) serves(now int64, ttl time.Duration) bool {
	return now < e.usable-int64(max(ttl-sendMargin, 0))
}

// answers reports whether the entry satisfies a challenge that voids: it was
// itself obtained in answer to one, with claims of the same substance.
func (e *entry) answers(d demand) bool { return e.renewed && e.demand.covers(d) }

// meets reports whether the entry was obtained with what a step-up asks.
func (e *entry) meets(d demand) bool { return e.demand != nil && e.demand.covers(d) }
