package tokensource

import (
	"crypto/sha256"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// A fingerprint stands for a token's value, which is not kept.
type fingerprint [sha256.Size]byte

func fingerprintOf(value string) fingerprint {
	b := fingerprintBytes.Get().(*[]byte)
	defer fingerprintBytes.Put(b)
	*b = append((*b)[:0], value...)
	f := sha256.Sum256(*b)
	clear(*b)
	return f
}

// fingerprintBytes spares a copy of a token for every look at an assertion.
var fingerprintBytes = sync.Pool{New: func() any { return new([]byte) }}

const (
	// maxVoids bounds the memory that a hostile API can make a client spend. It
	// is above maxSources, so that one event for all users of a client fits.
	maxVoids = 1 << 18
	// voidLife is how long a token is remembered whose end is not known: as
	// long as Entra's longest-lived ones, of 28 hours, can last.
	voidLife = 28 * time.Hour
)

// voids remembers the tokens that an API has refused and that must never be
// sent again, until they would have expired. Safe for concurrent use.
type voids struct {
	// changes counts additions, so that a holder of a token asks again only
	// when the answer may have changed.
	changes atomic.Uint64

	mu    sync.Mutex
	known map[fingerprint]void
}

// A void is what is remembered of one token.
type void struct {
	until time.Time
	added uint64 // changes at the time
}

func newVoids() *voids { return &voids{known: map[fingerprint]void{}} }

// add voids a token that expires at the given time; zero: unknown.
func (v *voids) add(f fingerprint, expires time.Time) {
	now := time.Now()
	if expires.IsZero() {
		expires = now.Add(voidLife)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	before, known := v.known[f]
	if !known && len(v.known) >= maxVoids {
		v.makeRoom(now)
	}
	n := v.changes.Add(1)
	if known {
		n = before.added
	}
	v.known[f] = void{expires, n}
}

// makeRoom forgets what has expired or, if nothing has, the sixteenth that
// expires first: one at a time would be a search for each.
func (v *voids) makeRoom(now time.Time) {
	maps.DeleteFunc(v.known, func(_ fingerprint, known void) bool { return !known.until.After(now) })
	if len(v.known) < maxVoids {
		return
	}
	ends := make([]time.Time, 0, len(v.known))
	for _, known := range v.known {
		ends = append(ends, known.until)
	}
	slices.SortFunc(ends, time.Time.Compare)
	last := ends[len(ends)/16]
	excess := len(ends)/16 + 1
	maps.DeleteFunc(v.known, func(_ fingerprint, known void) bool {
		gone := excess > 0 && !known.until.After(last)
		if gone {
			excess--
		}
		return gone
	})
}

func (v *voids) has(f fingerprint) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	_, ok := v.known[f]
	return ok
}

// since reports whether a token was voided after changes was n.
func (v *voids) since(f fingerprint, n uint64) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.known[f].added > n
}
