package entratest_test

import (
	"bytes"
	"runtime"
	"testing"
	"time"

	"github.com/msalcae/msalcae/entratest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Close waits for the server's goroutines; those of the client's connections
// see their end a moment later.
func TestCloseEndsGoroutines(t *testing.T) {
	before := runtime.NumGoroutine()
	for range 3 {
		s := entratest.NewServer()
		app := newNativeApp(t, s)
		a := app.signIn(cp1)
		require.Equal(t, 200, call(t, s, a.token(), "GET", "/me", "").status)
		app.listener.Close()
		s.Close()
	}
	require.Eventually(t, func() bool { return runtime.NumGoroutine() <= before+1 }, 5*time.Second, 5*time.Millisecond)
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	assert.False(t, bytes.Contains(stacks, []byte("site.(*Site)")), "%s", stacks)
}
