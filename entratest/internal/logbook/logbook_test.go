package logbook

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestLogIsBounded(t *testing.T) {
	var b Book[int, struct{}]
	for i := range 3*Most + 7 {
		b.Add(i)
	}
	log, ever := b.Latest()
	assert.Equal(t, 3*Most+7, ever)
	require.Len(t, log, Most)
	for i, r := range log {
		require.Equal(t, 2*Most+7+i, r)
	}
	assert.LessOrEqual(t, cap(b.log), 4*Most, "what is forgotten takes no room")
	missed, _, _ := b.After(0)
	assert.Equal(t, log, missed, "who follows slowly misses the oldest")
}

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// Every change wakes everybody who waits, once.
func TestWaiting(t *testing.T) {
	var b Book[string, int]
	changes := map[string]func(){
		"count": func() { b.Count(func(n *int) { *n++ }) },
		"add":   func() { b.Add("x") },
		"clear": b.Clear,
	}
	for name, change := range changes {
		first := b.Await(func(*int) {})
		_, _, second := b.After(0)
		assert.False(t, closed(first) || closed(second), name)
		change()
		assert.True(t, closed(first) && closed(second), name)
		assert.False(t, closed(b.Await(func(*int) {})), name)
	}
}

func TestClear(t *testing.T) {
	var b Book[string, int]
	b.Count(func(n *int) { *n = 5 })
	b.Add("a")
	_, from, _ := b.After(math.MaxInt)
	b.Clear()
	b.Add("b")
	var n int
	assert.Equal(t, Place{Records: 2, Clears: 1}, b.Read(func(c *int) { n = *c }))
	assert.Zero(t, n)
	news, _, _ := b.After(from)
	assert.Equal(t, []string{"b"}, news)
	all, _, _ := b.After(0)
	assert.Equal(t, []string{"b"}, all, "the one before is forgotten")
}
