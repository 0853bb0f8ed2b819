package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/gofrs/flock"
	"github.com/msalcae/msalcae/cache"
)

const (
	// beat is how often the holder of a flight lock shows that it lives, and
	// stall after how long without it is taken for stopped.
	beat  = 500 * time.Millisecond
	stall = 2 * time.Second
	// maxPoll is the longest that a waiter sleeps between two looks.
	maxPoll = 25 * time.Millisecond
)

// A lockFile is an empty file that is locked and never removed: a process that
// waits for one that was removed would wait for nothing, beside another that
// holds a new one.
type lockFile struct{ *flock.Flock }

// acquire waits until it has the lock, look fails, or ctx ends.
func (f *files) acquire(ctx context.Context, name string, look func(path string) error) (lockFile, error) {
	path := f.path(name)
	l := lockFile{flock.New(path, flock.SetFlag(os.O_CREATE|os.O_RDWR|openFlags), flock.SetPermissions(0o600))}
	for poll := 200 * time.Microsecond; ; poll = min(2*poll, maxPoll) {
		if err := ctx.Err(); err != nil {
			_ = l.Close()
			return l, err
		}
		held, err := l.TryLock()
		if held {
			return l, nil
		}
		if errors.Is(err, fs.ErrNotExist) {
			if err = f.prepare(); err == nil {
				continue
			}
		}
		if err == nil {
			err = look(path)
		} else {
			err = failed("lock", path, err)
		}
		if err != nil {
			_ = l.Close()
			return l, err
		}
		timer := time.NewTimer(poll/2 + rand.N(poll))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
		}
	}
}

// locked calls do with the folder while no other process changes the record.
// The time that takes is some milliseconds. On a file system without locks it
// goes on without: a file is replaced as a whole all the same.
func (f *files) locked(ctx context.Context, name string, do func(root *os.Root) error) error {
	l, err := f.acquire(ctx, name+lockEnd, func(string) error { return nil })
	switch {
	case err == nil:
		defer func() { _ = l.Unlock() }() // closing the file frees it too
	case !errors.Is(err, errors.ErrUnsupported) && !errors.Is(err, syscall.ENOLCK):
		return err
	}
	return f.within(ctx, true, do)
}

// Lock implements cache.Store.
func (f *files) Lock(ctx context.Context, name string) (unlock func(), err error) {
	watch := &watch{}
	l, err := f.acquire(ctx, name+flightEnd, watch.look)
	if err != nil {
		return nil, err
	}
	path := l.Path()
	_ = os.Chtimes(path, time.Time{}, time.Now())
	ended := make(chan struct{})
	var pulse sync.WaitGroup
	pulse.Go(func() {
		ticker := time.NewTicker(beat)
		defer ticker.Stop()
		for {
			select {
			case now := <-ticker.C:
				_ = os.Chtimes(path, time.Time{}, now)
			case <-ended:
				return
			}
		}
	})
	return func() {
		close(ended)
		pulse.Wait()
		_ = l.Unlock()
	}, nil
}

// A watch notes whether the holder of a lock lives, by changes of the file's
// time and not by the time itself, since clocks may be set.
type watch struct {
	changed time.Time // of ours, when we saw last
	modTime time.Time // of the file
}

func (w *watch) look(path string) error {
	info, err := os.Lstat(path)
	if err != nil {
		return failed("look at", path, err)
	}
	now := time.Now()
	if mod := info.ModTime(); w.changed.IsZero() || !mod.Equal(w.modTime) {
		w.changed, w.modTime = now, mod
	}
	if now.Sub(w.changed) > stall {
		return fmt.Errorf("%w (%s)", cache.ErrStalled, path)
	}
	return nil
}
