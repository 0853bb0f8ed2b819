package shelf

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestShelfForgetsTheOldest(t *testing.T) {
	s := New[int](3)
	for i := range 5 {
		s.Put(fmt.Sprint(i), i)
		s.Put(fmt.Sprint(i), i)
	}
	for i := range 5 {
		v, ok := s.Get(fmt.Sprint(i))
		assert.Equal(t, i >= 2, ok)
		if ok {
			assert.Equal(t, i, v)
		}
	}
	s.Drop("4")
	_, ok := s.Get("4")
	assert.False(t, ok)
	var left []int
	for _, v := range s.All() {
		left = append(left, v)
	}
	assert.Equal(t, []int{2, 3}, left)
	for i := range 1000 {
		s.Put(fmt.Sprint(i), i)
	}
	assert.Len(t, s.entries, 3)
	assert.LessOrEqual(t, len(s.order), 3)
}
