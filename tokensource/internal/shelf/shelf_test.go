package shelf

import (
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/msalcae/msalcae/tokensource/internal/registry"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func ownHash(k int) uint64 { return uint64(k) }

func TestTheLeastRecentlyUsedLeaves(t *testing.T) {
	s := New[string, int](2, registry.HashString)
	assert.Equal(t, 1, s.Add("a", 1, time.Time{}))
	s.Add("b", 2, time.Time{})
	assert.Equal(t, 1, s.Add("a", 9, time.Time{}), "what is there stays")
	s.Add("c", 3, time.Time{})
	_, ok := s.Get("b")
	assert.False(t, ok)
	v, ok := s.Get("a")
	assert.True(t, ok)
	assert.Equal(t, 1, v)
	v, ok = s.Drop("a")
	assert.True(t, ok)
	assert.Equal(t, 1, v)
	_, ok = s.Drop("a")
	assert.False(t, ok)
	assert.Equal(t, 1, s.Len())
}

// Each leaves at its time, whether or not anybody calls.
func TestValuesEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New[string, int](10, registry.HashString)
		s.Add("hour", 1, time.Now().Add(time.Hour))
		s.Add("minute", 2, time.Now().Add(time.Minute))
		s.Add("ever", 3, time.Time{})
		s.Add("second", 4, time.Now().Add(time.Second))
		s.Drop("second")
		time.Sleep(time.Minute)
		synctest.Wait()
		assert.Equal(t, 2, s.Len())
		_, ok := s.Get("minute")
		assert.False(t, ok)
		s.Add("minute", 5, time.Now().Add(time.Minute))
		time.Sleep(time.Hour)
		synctest.Wait()
		assert.Equal(t, 1, s.Len())
		s.Add("past", 6, time.Now().Add(-time.Second))
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		assert.Equal(t, 1, s.Len())
	})
}

// Whatever happens, it never holds more than its bound, nor what has ended, and
// its lists agree.
func TestListsAgree(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rand := rand.New(rand.NewPCG(1, 2))
		s := New[int, int](20, ownHash)
		for range 5000 {
			key := rand.IntN(40)
			switch rand.IntN(4) {
			case 0:
				s.Get(key)
			case 1:
				s.Drop(key)
			case 2:
				s.Add(key, key, time.Now().Add(time.Duration(rand.IntN(100))*time.Second))
			case 3:
				time.Sleep(time.Duration(rand.IntN(5)) * time.Second)
			}
			synctest.Wait()
			s.mu.Lock()
			require.LessOrEqual(t, s.Len(), 20)
			require.Len(t, s.ending, s.Len())
			for n, i := range s.ending {
				require.Equal(t, n, i.index)
				held, _ := s.items.Find(i.key)
				require.Same(t, i, held)
				require.False(t, i.ended(time.Now().Add(-time.Nanosecond)))
			}
			s.mu.Unlock()
		}
		for n := range 40 {
			s.Drop(n)
		}
		s.Add(0, 0, time.Time{})
		assert.True(t, s.due.IsZero(), "no timer for nothing")
	})
}

// A value that is to end in a day keeps no shelf that nobody has.
func TestTheTimerKeepsNothing(t *testing.T) {
	gone := make(chan struct{})
	func() {
		s := New[string, int](1, registry.HashString)
		s.Add("a", 1, time.Now().Add(24*time.Hour))
		runtime.AddCleanup(s, func(struct{}) { close(gone) }, struct{}{})
	}()
	assert.Eventually(t, func() bool {
		runtime.GC()
		select {
		case <-gone:
			return true
		default:
			return false
		}
	}, 10*time.Second, time.Millisecond)
}

func TestConcurrentUse(t *testing.T) {
	s := New[int, int](8, ownHash)
	var wg sync.WaitGroup
	for n := range 8 {
		wg.Go(func() {
			for k := range 500 {
				v := s.Add(k%16, k%16, time.Now().Add(time.Duration(n)*time.Millisecond))
				assert.Equal(t, k%16, v)
				s.Get(k % 16)
				if k%7 == 0 {
					s.Drop(k % 16)
				}
			}
		})
	}
	wg.Wait()
	assert.LessOrEqual(t, s.Len(), 8)
}
