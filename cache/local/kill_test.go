//go:build unix

package local

import (
	"math/rand/v2"
	"os/exec"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Processes that write are killed at any moment: what they said was stored is
// there, and what is there can be read.
func TestKilledWriters(t *testing.T) {
	const writers, kills = 4, 3000
	dir, fast := light(t), quick(t)
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			name, last := strconv.Itoa(w), 0
			rnd := rand.New(rand.NewPCG(uint64(w), 9))
			for range kills / writers {
				if last = killed(t, rnd, fast, dir, name, last); t.Failed() {
					return
				}
			}
		})
	}
	wg.Wait()
	require.NoError(t, counter(dir).Update(t.Context(), func(c counts) { c["last"] = 1 }))
	assertTidy(t, dir)
}

// killed kills a writer while it writes, and returns the number that is stored.
func killed(t *testing.T, rnd *rand.Rand, fast func(*exec.Cmd), dir, name string, from int) int {
	c := spawn(t, "acknowledge", []string{dir, name, strconv.Itoa(from + 1)}, fast)
	acknowledged, err := strconv.Atoi(c.line())
	if err != nil {
		assert.NoError(t, c.Wait())
		assert.Fail(t, "a writer ended", c.stderr.String())
		return from
	}
	time.Sleep(time.Duration(rnd.Int64N(int64(4 * time.Millisecond))))
	assert.NoError(t, c.Process.Kill())
	for {
		n, err := strconv.Atoi(c.line())
		if err != nil {
			break
		}
		acknowledged = n
	}
	_ = c.Wait()
	contents, err := counter(dir).Load(t.Context())
	assert.NoError(t, err)
	stored := contents[name]
	assert.GreaterOrEqual(t, stored, acknowledged)
	assert.LessOrEqual(t, stored, acknowledged+1)
	return stored
}
