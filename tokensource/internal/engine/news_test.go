package engine

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

// A late store asks whether its record is of use when nobody waits for it any more.
type late struct {
	*memoryStore
	record Record
}

func (l late) Lease(_ context.Context, _ string, wait time.Duration, _ News, useful func(Record) bool) (Record, EndLease, error) {
	time.Sleep(wait + 2*storeLimit)
	useful(l.record)
	return Record{}, nil, errStoreDown
}

// A store that was left behind may still look at the flight. The race detector
// judges.
func TestStoreLeftBehindLooksAtAFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{latency: 10 * time.Second}
		another := SharedToken{Token: entra.token("another"), Print: FingerprintOf("another")}
		s := process(late{newMemoryStore(), Record{Tokens: []SharedToken{another}}}, entra.acquire)
		c1 := challenge(t, s, acrs("c1"), token(t, s)) // rides along
		assert.Equal(t, "token-3", challenge(t, s, nbf(0), c1))
	})
}
