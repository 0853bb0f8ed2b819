package engine

import (
	"encoding/binary"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

func printOf(n int) (f Fingerprint) {
	binary.BigEndian.PutUint64(f[:], uint64(n))
	return f
}

func TestFullVoidsForgetWhatEndsFirst(t *testing.T) {
	v, now := NewVoids(), time.Now()
	for n := range maxVoids {
		v.add(printOf(n), now.Add(time.Duration(1+n)*time.Hour/maxVoids))
	}
	const more = maxVoids / 16 // with a look at all for each, this takes minutes
	for n := range more {
		v.add(printOf(maxVoids+n), now.Add(2*time.Hour))
	}
	wrong := 0
	for n := range maxVoids + more {
		if v.Has(printOf(n)) != (n >= more) {
			wrong++
		}
	}
	assert.Zero(t, wrong)
	assert.Len(t, v.known, maxVoids)
	assert.Len(t, v.ends, maxVoids)
}

func TestVoidingAgainChangesNothing(t *testing.T) {
	v, now := NewVoids(), time.Now()
	v.add(printOf(1), now.Add(time.Hour))
	changes := v.changes.Load()
	for n := range 100 {
		v.add(printOf(1), now.Add(time.Duration(n)*time.Hour))
		v.add(printOf(1), time.Time{})
	}
	assert.Equal(t, changes, v.changes.Load(), "nobody needs to look again")
	assert.Len(t, v.ends, 1)
	assert.True(t, v.since(printOf(1), 0))
	assert.False(t, v.since(printOf(1), changes))
}

// Each addition finds one more that has ended: a look at all for each would take
// minutes.
func TestFullVoidsForgetOneByOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v, start := NewVoids(), time.Now()
		for n := range maxVoids {
			v.add(printOf(n), start.Add(time.Duration(1+n)*time.Millisecond))
		}
		const more = 1 << 14
		for n := range more {
			time.Sleep(time.Millisecond)
			v.add(printOf(maxVoids+n), start.Add(time.Hour))
		}
		assert.False(t, v.Has(printOf(more-1)))
		assert.True(t, v.Has(printOf(more)))
		assert.Len(t, v.known, maxVoids)
	})
}

// What other processes are told of has a fingerprint that they can make, too; what
// nobody is told of has one that is made faster.
func TestFingerprintsOfVoids(t *testing.T) {
	for _, v := range []*Voids{NewVoids(), NewSharedVoids()} {
		a, b := v.Fingerprint("a"), v.Fingerprint("b")
		assert.NotEqual(t, a, b)
		assert.Equal(t, a, v.Fingerprint("a"))
		assert.Equal(t, v.shared, a == FingerprintOf("a"))
		v.add(a, time.Time{})
		assert.True(t, v.Has(a))
		assert.False(t, v.Has(b))
	}
	assert.True(t, process(newMemoryStore(), (&issuer{}).acquire).flow.Voids.shared)
	assert.False(t, New((&issuer{}).acquire).flow.Voids.shared)
	assert.Panics(t, func() { new(Source).Init(Flow{Store: newMemoryStore(), Voids: NewVoids()}) })
}
