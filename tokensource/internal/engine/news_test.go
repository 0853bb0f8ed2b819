package engine

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/msalcae/msalcae"
	"github.com/stretchr/testify/assert"
)

// Who waits for what a sign-out has made worthless waits for it no longer.
func TestSignInAfterASignOutServesWhoWaited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{}
		entra.slow(20*time.Second, 10*time.Second)
		s := New(entra.acquire)
		got := ask(t, s, msalcae.TokenRequest{})
		s.Forget()
		time.Sleep(time.Second)
		start := time.Now()
		s.Adopt(entra.token("signed in"), "")
		assert.Equal(t, "signed in", <-got)
		assert.Zero(t, time.Since(start))
		time.Sleep(time.Minute) // for the flights
	})
}

// A flight that a challenge overtook brings nothing: its callers do not wait for
// a hook to hear that.
func TestHookHoldsUpNobodyWhomItDoesNotConcern(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{life: time.Hour}
		entra.slow(0, time.Second, 10*time.Second)
		s := New(entra.acquire)
		first := token(t, s)
		time.Sleep(30 * time.Minute)
		start := time.Now()
		slow := &msalcae.Trace{Acquired: func(context.Context, msalcae.AcquiredInfo) { time.Sleep(time.Minute) }}
		got := ask(t, s, msalcae.TokenRequest{MinTTL: 45 * time.Minute, Trace: slow}) // token-2
		renewed := ask(t, s, msalcae.TokenRequest{Claims: nbf(0), Rejected: first})   // token-3
		assert.Equal(t, "token-3", <-renewed)
		assert.Equal(t, "token-3", <-got)
		assert.Equal(t, 10*time.Second, time.Since(start))
		time.Sleep(time.Hour)
	})
}

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
