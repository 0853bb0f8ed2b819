package registry

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func hash(k int) uint64 { return uint64(k/2) * 0x9e3779b97f4a7c15 >> 7 }

// A source is a value with an identity.
type source struct{ _ int }

func TestRegistryKeepsWhatIsUsed(t *testing.T) {
	r := New[int, *source](3, hash)
	get := func(k int) *source { return r.FindOr(k, func() *source { return new(source) }) }
	one, two := get(1), get(2)
	get(3)
	assert.Same(t, one, get(1))
	get(4) // 2 leaves
	assert.Same(t, one, get(1))
	assert.NotSame(t, two, get(2))
	assert.Len(t, r.all(), 3)
}

// Of many a few leave at once, never those that are used.
func TestRegistryIsBounded(t *testing.T) {
	const bound = 1 << 10
	r := New[int, *source](bound, hash)
	get := func(k int) *source { return r.FindOr(k, func() *source { return new(source) }) }
	busy := get(-1)
	for k := range 4 * bound {
		get(k)
		require.Same(t, busy, get(-1))
		require.LessOrEqual(t, r.size, bound)
	}
	assert.Greater(t, len(r.all()), bound-bound/64-1)
	_, found := r.Find(4*bound - 1)
	assert.True(t, found)
	_, found = r.Find(0)
	assert.False(t, found)
	for i, e := range r.Matching(func(k int) bool { return k >= 0 }) {
		require.Equal(t, 4*bound-1-i, e.Key, "most recently used first")
	}
}

// Whoever asks at once for the same gets the same, while the table changes.
func TestRegistryUnderLoad(t *testing.T) {
	const keys, callers = 1000, 8
	r := New[int, *source](2*keys, hash)
	var made [keys]atomic.Int32
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			var mine [keys]*source
			for range 3 {
				for k := range keys {
					s := r.FindOr(k, func() *source { made[k].Add(1); return new(source) })
					if mine[k] != nil && mine[k] != s {
						t.Errorf("%d has two sources", k)
					}
					mine[k] = s
				}
			}
		})
	}
	wg.Wait()
	for k := range made {
		assert.EqualValues(t, 1, made[k].Load(), k)
	}
}
