package engine

import (
	"container/heap"
	"crypto/sha256"
	"encoding/binary"
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"
)

// A Fingerprint stands for a token's value, which is not kept.
type Fingerprint [sha256.Size]byte

// FingerprintOf returns the fingerprint of a token's value that is the same in
// every process.
func FingerprintOf(value string) Fingerprint {
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
	// is above what sources a client remembers, so that one event for all its
	// users fits.
	maxVoids = 1 << 18
	// VoidLife is how long a token is remembered whose end is not known: as
	// long as Entra's longest-lived ones, of 28 hours, can last.
	VoidLife = 28 * time.Hour
)

// Voids remember the tokens that an API has refused and that must never be
// sent again, until they would have expired. Safe for concurrent use.
type Voids struct {
	// shared says that other processes tell of tokens, and are told of them.
	shared bool
	// changes counts additions, so that a holder of a token asks again only
	// when the answer may have changed.
	changes atomic.Uint64

	mu    sync.Mutex
	known map[Fingerprint]uint64 // changes when it was added
	ends  endings
	most  int // that are remembered
}

// NewVoids returns what remembers no token yet, for sources without a Store.
func NewVoids() *Voids { return &Voids{known: map[Fingerprint]uint64{}, most: maxVoids} }

// NewSharedVoids is NewVoids for sources with a Store.
func NewSharedVoids() *Voids {
	v := NewVoids()
	v.shared = true
	return v
}

// Fingerprint returns what v knows a token by. Where no other process has to
// recognize it, that is a hash of 64 bits which takes a tenth of FingerprintOf's
// time. A void token is always found by it; if ever a good one had the same, it
// would not be sent, and another asked for.
func (v *Voids) Fingerprint(value string) (f Fingerprint) {
	if v.shared {
		return FingerprintOf(value)
	}
	binary.NativeEndian.PutUint64(f[:], maphash.String(seed, value))
	return f
}

var seed = maphash.MakeSeed()

// add voids a token that expires at the given time; zero: unknown. For one that
// is void already it does nothing.
func (v *Voids) add(f Fingerprint, expires time.Time) {
	now := time.Now()
	if expires.IsZero() {
		expires = now.Add(VoidLife)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if _, known := v.known[f]; known {
		return
	}
	if len(v.known) >= v.most {
		v.makeRoom(now)
	}
	v.ends = append(v.ends, ending{f, nanos(expires)})
	heap.Fix(&v.ends, len(v.ends)-1) // Push would allocate
	v.known[f] = v.changes.Add(1)
}

// makeRoom forgets the one that ends first, and whatever has ended.
func (v *Voids) makeRoom(now time.Time) {
	for first := true; first || len(v.ends) > 0 && v.ends[0].at <= now.UnixNano(); first = false {
		delete(v.known, heap.Pop(&v.ends).(ending).print)
	}
}

// Has reports whether a token is void.
func (v *Voids) Has(f Fingerprint) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	_, ok := v.known[f]
	return ok
}

// since reports whether a token was voided after changes was n.
func (v *Voids) since(f Fingerprint, n uint64) bool {
	if v.changes.Load() == n {
		return false
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.known[f] > n
}

// endings are voided tokens by when they end: a heap, so that a full table costs
// an addition no look at all of it.
type endings []ending

type ending struct {
	print Fingerprint
	at    int64 // Unix ns
}

func (e endings) Len() int           { return len(e) }
func (e endings) Less(i, j int) bool { return e[i].at < e[j].at }
func (e endings) Swap(i, j int)      { e[i], e[j] = e[j], e[i] }
func (e *endings) Push(x any)        { *e = append(*e, x.(ending)) }

func (e *endings) Pop() any {
	last := (*e)[len(*e)-1]
	*e = (*e)[:len(*e)-1]
	return last
}
