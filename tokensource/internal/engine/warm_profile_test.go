package engine

import (
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/msalcae/msalcae"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Callers of a warm Source meet no lock: after many calls at once the profiles of
// contended mutexes and of blocking have no frame of ours. That they would have
// one is shown by callers who each bring a challenge.
func TestWarmTokenMeetsNoLock(t *testing.T) {
	s := New((&issuer{}).acquire)
	first := token(t, s)
	defer runtime.SetMutexProfileFraction(runtime.SetMutexProfileFraction(1))
	runtime.SetBlockProfileRate(1)
	defer runtime.SetBlockProfileRate(0)
	// met counts the profiles' events below a Source while callers make a request.
	met := func(req msalcae.TokenRequest, rounds int) int64 {
		before := below(t, "engine.(*Source).")
		var all sync.WaitGroup
		for range 16 {
			all.Go(func() {
				for range rounds {
					_, _ = s.Token(t.Context(), req)
				}
			})
		}
		all.Wait()
		return below(t, "engine.(*Source).") - before
	}
	assert.Zero(t, met(msalcae.TokenRequest{}, 10_000))
	assert.NotZero(t, met(msalcae.TokenRequest{Claims: nbf(0), Rejected: first}, 1000))
}

// below counts the events of both profiles whose stacks have a frame of what.
func below(t *testing.T, what string) (events int64) {
	t.Helper()
	for _, collect := range []func([]runtime.BlockProfileRecord) (int, bool){runtime.MutexProfile, runtime.BlockProfile} {
		n, _ := collect(nil)
		records := make([]runtime.BlockProfileRecord, n+1000)
		n, ok := collect(records)
		require.True(t, ok)
		for _, r := range records[:n] {
			for frames := runtime.CallersFrames(r.Stack()); ; {
				frame, more := frames.Next()
				if strings.Contains(frame.Function, what) {
					events += r.Count
					break
				}
				if !more {
					break
				}
			}
		}
	}
	return events
}
