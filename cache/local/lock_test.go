//go:build unix

package local

import (
	"context"
	"fmt"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/msalcae/msalcae/cache"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func init() {
	roles["hold"] = func(args []string) error {
		if _, err := counter(args[0]).Lock(context.Background(), "request"); err != nil {
			return err
		}
		fmt.Println("held")
		_, _ = os.Stdin.Read(make([]byte, 1)) // until it is told to end
		return nil
	}
	// fetch does what a process does that needs a token: whoever gets the lock
	// first obtains it.
	roles["fetch"] = func(args []string) error {
		p := counter(args[0])
		unlock, err := p.Lock(context.Background(), "request")
		if err != nil {
			return err
		}
		defer unlock()
		c, err := p.Load(context.Background())
		if err != nil || len(c) > 0 {
			return err
		}
		fmt.Println("requested")
		time.Sleep(200 * time.Millisecond) // the token request
		return p.Update(context.Background(), func(c counts) { c["shared"] = 1 })
	}
}

func TestColdProcessesMakeOneRequest(t *testing.T) {
	dir := t.TempDir()
	var all []*child
	for range 8 {
		all = append(all, spawn(t, "fetch", []string{dir}))
	}
	requests := 0
	for _, c := range all {
		if c.wait() != "" {
			requests++
		}
	}
	assert.Equal(t, 1, requests)
}

func TestLockOfAKilledProcessIsFree(t *testing.T) {
	dir := t.TempDir()
	holder := spawn(t, "hold", []string{dir})
	require.Equal(t, "held", holder.line())
	require.NoError(t, holder.Process.Kill())
	ctx, cancel := context.WithTimeout(t.Context(), stall)
	defer cancel()
	unlock, err := counter(dir).Lock(ctx, "request")
	require.NoError(t, err, "free long before a holder counts as stopped")
	unlock()
}

func TestStoppedHolderKeepsNobody(t *testing.T) {
	t.Parallel() // it waits most of the time
	dir := t.TempDir()
	holder := spawn(t, "hold", []string{dir})
	require.Equal(t, "held", holder.line())
	require.NoError(t, holder.Process.Signal(syscall.SIGSTOP))

	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	_, err := counter(dir).Lock(ctx, "request")
	require.ErrorIs(t, err, cache.ErrStalled)

	short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err = counter(dir).Lock(short, "request")
	assert.ErrorIs(t, err, context.DeadlineExceeded, "who has less time leaves in time")

	write(t, dir, 3) // records have locks of their own
	require.NoError(t, holder.Process.Signal(syscall.SIGCONT))
	require.NoError(t, holder.in.Close())
	holder.wait()
	unlock, err := counter(dir).Lock(ctx, "request")
	require.NoError(t, err)
	unlock()
}

func TestHolderThatWorksIsWaitedFor(t *testing.T) {
	t.Parallel() // it waits most of the time
	dir := t.TempDir()
	holder := spawn(t, "hold", []string{dir})
	require.Equal(t, "held", holder.line())
	end := time.AfterFunc(stall+time.Second, func() { _ = holder.in.Close() })
	defer end.Stop()
	unlock, err := counter(dir).Lock(t.Context(), "request")
	require.NoError(t, err, "however long its token request takes")
	unlock()
	holder.wait()
}

func TestLockFilesStay(t *testing.T) {
	dir := t.TempDir()
	f := &files{dir: dir}
	unlock, err := f.Lock(t.Context(), "x")
	require.NoError(t, err)
	before, err := os.Stat(f.path("x" + flightEnd))
	require.NoError(t, err)
	unlock()
	unlock, err = f.Lock(t.Context(), "x")
	require.NoError(t, err)
	after, err := os.Stat(f.path("x" + flightEnd))
	require.NoError(t, err)
	unlock()
	assert.True(t, os.SameFile(before, after))
}
