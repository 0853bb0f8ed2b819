package tokensource

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What is remembered of a list is what is made of it, however many there are
// and whatever becomes of the caller's slice.
func TestScopeForms(t *testing.T) {
	given := []string{"b", "A c"}
	for range 2 {
		form, err := formOf(given)
		require.NoError(t, err)
		assert.Equal(t, []string{"A", "b", "c"}, form.canonical)
		assert.Equal(t, "a b c", form.key)
	}
	given[0] = "z"
	form, err := formOf(given)
	require.NoError(t, err)
	assert.Equal(t, "a c z", form.key)
	for range 2 {
		_, err = formOf([]string{""})
		require.Error(t, err)
		_, err = formOf(nil)
		require.Error(t, err)
	}
	var wg sync.WaitGroup
	for n := range 3 * maxForms {
		wg.Go(func() {
			form, err := formOf([]string{fmt.Sprint("X", n)})
			assert.NoError(t, err)
			assert.Equal(t, fmt.Sprint("x", n), form.key)
		})
	}
	wg.Wait()
	assert.LessOrEqual(t, len(forms.Matching(func(uint64) bool { return true })), maxForms)
}
