package engine

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/msalcae/msalcae"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestLeaseHolderDies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dead := make(chan struct{})
		shared := newMemoryStore()
		a := process(shared, func(context.Context, msalcae.TokenRequest) (*msalcae.Token, error) { <-dead; return nil, sessionOver })
		go a.Token(t.Context(), msalcae.TokenRequest{})
		synctest.Wait()
		entra := &issuer{}
		b := process(shared, entra.acquire)
		start := time.Now()
		time.AfterFunc(300*time.Millisecond, shared.kill)
		assert.Equal(t, "token-1", token(t, b))
		assert.Equal(t, 300*time.Millisecond, time.Since(start), "at once when the system gives the lock up")

		c := process(shared, entra.acquire)
		shared.stop("any token")
		start = time.Now()
		assert.Equal(t, "token-2", token(t, c))
		assert.Equal(t, leaseWait, time.Since(start), "nobody else's business takes longer than that")

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		shared.stop("any token")
		tok, err := process(shared, entra.acquire).Token(ctx, msalcae.TokenRequest{})
		require.NoError(t, err, "half of a caller's time is left for Entra")
		assert.Equal(t, "token-3", tok.Value)
		close(dead)
		synctest.Wait()
	})
}

func TestTroubleOfTheStoreCostsNoCall(t *testing.T) {
	for name, broken := range map[string]func(string) error{
		"fails":  func(string) error { return errStoreDown },
		"panics": func(string) error { panic("secret") },
		"hangs":  func(string) error { time.Sleep(time.Hour); return nil },
		"fails to store": func(op string) error {
			if op == "tell" {
				return errStoreDown
			}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				entra := &issuer{}
				shared := newMemoryStore()
				shared.broken = broken
				s := process(shared, entra.acquire)
				reports := 0
				start := time.Now()
				tok, err := s.Token(t.Context(), msalcae.TokenRequest{Trace: watched(&reports)})
				require.NoError(t, err)
				for n := range 5 {
					tok, err = s.Token(t.Context(), msalcae.TokenRequest{Claims: nbf(n), Rejected: tok.Value, Trace: watched(&reports)})
					require.NoError(t, err)
				}
				assert.Equal(t, 6, entra.requests())
				assert.LessOrEqual(t, time.Since(start), leaseWait+storeLimit, "a store that failed is left alone for a while")
				assert.Equal(t, 1, reports, "CacheFailed once")
				time.Sleep(2 * time.Hour) // what hangs ends
			})
		})
	}
}

func TestStoreRecovers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{}
		shared := newMemoryStore()
		shared.broken = func(string) error { return errStoreDown }
		s := process(shared, entra.acquire)
		reports := 0
		tok := "none"
		next := func() {
			got, err := s.Token(t.Context(), msalcae.TokenRequest{Claims: nbf(0), Rejected: tok, Trace: watched(&reports)})
			require.NoError(t, err)
			tok = got.Value
		}
		next()
		time.Sleep(storeRest)
		next()
		assert.Equal(t, 1, reports, "the same outage")
		shared.broken = nil
		time.Sleep(maxStoreRest)
		next()
		assert.Equal(t, tok, token(t, process(shared, entra.acquire)), "shared again")
		shared.broken = func(string) error { return errStoreDown }
		next()
		assert.Equal(t, 2, reports, "another outage")
	})
}

func TestHangingStoreHoldsNoLockAndNoDeadlineUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		entra := &issuer{life: time.Hour}
		shared := newMemoryStore()
		s := process(shared, entra.acquire)
		token(t, s)
		time.Sleep(56 * time.Minute)
		shared.latency = time.Minute
		start := time.Now()
		assert.Equal(t, "token-1", token(t, s), "the refresh that hangs is nobody's wait")
		synctest.Wait()
		assert.Equal(t, "token-1", token(t, s))
		assert.Zero(t, time.Since(start))
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		_, err := s.Token(ctx, msalcae.TokenRequest{Claims: nbf(0), Rejected: "token-1"})
		assert.Equal(t, context.DeadlineExceeded, err)
		assert.Equal(t, 10*time.Millisecond, time.Since(start))
		time.Sleep(2 * time.Minute)
	})
}

func TestWarmTokenNeverTouchesTheStore(t *testing.T) {
	shared := newMemoryStore()
	s := process(shared, (&issuer{}).acquire)
	token(t, s)
	before := shared.used()
	ctx := t.Context()
	assert.Zero(t, testing.AllocsPerRun(1000, func() { s.Token(ctx, msalcae.TokenRequest{}) }))
	assert.Equal(t, before, shared.used())
}
