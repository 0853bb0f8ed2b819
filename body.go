package msalcae

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

const (
	// defaultReplayBody is what MaxReplayBody zero means.
	defaultReplayBody = 1 << 20
	// closeGrace is how long a replay waits for a base to close the body of
	// a request that has been answered in full. After that the base is cut
	// off from it.
	closeGrace = 5 * time.Second
	// readGrace is how long it waits for a base that waits for the caller to
	// send something. net/http does not use a connection again whose request
	// goes on for 50 ms after the answer.
	readGrace = 100 * time.Millisecond
)

// An upload is a request's body that may have to be sent twice. It is what the
// first send reads.
//
// With GetBody, a replay gets a body of its own. Without, the bytes are kept
// while the first send reads them, up to a limit, and a replay sends these and
// then reads on where the first send stopped; the caller's body stays open
// until it is certain that no replay will read it.
//
// A nil upload is that of a request without a body.
//
// A base may call Close during Read, and both after RoundTrip has returned.
type upload struct {
	src   io.ReadCloser
	get   func() (io.ReadCloser, error) // the request's GetBody; may be nil
	limit int64                         // most bytes kept

	mu      sync.Mutex
	open    int           // bodies that the base has not closed
	reading int           // Reads in progress
	sealed  bool          // Reads that begin now fail
	wild    int           // Reads in progress that may bring more than can be kept
	change  chan struct{} // closed at the next change; nil: nobody waits
	closed  bool          // the base closed this body
	keeping bool          // a replay may read kept and then src
	held    bool          // the challenge is there: what cannot be kept is not read
	kept    chunks
	read    int64 // bytes, by the first send
	end     error // that src ended with; nil: it may have more
	shut    bool  // src is closed, or about to be
}

// newUpload returns nil for a request without a body.
func newUpload(req *http.Request, limit int64) *upload {
	if req.Body == nil || req.Body == http.NoBody {
		return nil
	}
	if limit == 0 {
		limit = defaultReplayBody
	}
	return &upload{
		src:     req.Body,
		get:     req.GetBody,
		limit:   max(limit, 0),
		open:    1,
		keeping: req.GetBody == nil,
	}
}

// first returns the Body and GetBody of the first send.
func (u *upload) first(req *http.Request) (io.ReadCloser, func() (io.ReadCloser, error)) {
	switch {
	case u == nil:
		return req.Body, req.GetBody
	case u.get == nil:
		return u, nil
	}
	return u, u.another
}

// Read implements io.Reader for the first send.
func (u *upload) Read(p []byte) (int, error) {
	u.mu.Lock()
	wild := 0
	if room := u.limit - u.read; u.keeping && (room > 0 || u.held) {
		p = p[:min(room, int64(len(p)))]
	} else {
		wild = 1
	}
	if u.closed || u.sealed || u.held && u.keeping && u.read == u.limit {
		u.mu.Unlock()
		return 0, http.ErrBodyReadAfterClose
	}
	u.reading++
	u.wild += wild
	u.mu.Unlock()

	n, err := u.src.Read(p)

	u.mu.Lock()
	u.read += int64(n)
	if u.keeping && u.read > u.limit {
		u.keeping, u.kept = false, nil
	}
	if u.keeping {
		u.kept.add(p[:n])
	}
	if err != nil {
		u.end = err
	}
	if u.closed && u.shuts() {
		u.mu.Unlock()
		u.src.Close()
		u.mu.Lock()
	}
	u.reading--
	u.wild -= wild
	u.signal()
	u.mu.Unlock()
	return n, err
}

// Close implements io.Closer for the first send.
func (u *upload) Close() error {
	u.mu.Lock()
	again := u.closed
	u.closed = true
	shut := !again && u.shuts()
	u.mu.Unlock()
	if again {
		return nil
	}
	var err error
	if shut {
		err = u.src.Close()
	}
	u.mu.Lock()
	u.open--
	u.signal()
	u.mu.Unlock()
	return err
}

// shuts says, once, that src is to be closed as no replay will read it. The
// caller holds mu, and closes src after letting go of it.
func (u *upload) shuts() bool {
	if u.shut || u.keeping && u.end == nil {
		return false
	}
	u.shut = true
	return true
}

// settle ends the prospect of a replay, or the replay, and lets go of what was
// kept. If the request is over, or the base is through with the caller's body,
// that is closed now; otherwise when the base closes it: it may be sending yet.
func (u *upload) settle(over bool) error {
	if u == nil {
		return nil
	}
	u.mu.Lock()
	u.keeping, u.kept = false, nil
	shut := (over || u.closed) && u.shuts()
	u.signal()
	u.mu.Unlock()
	if !shut {
		return nil
	}
	return u.src.Close()
}

// hold is called when the challenge is there. A first send that goes on may
// read what can be kept; then it is cut off, as it would only spoil the replay.
func (u *upload) hold() {
	if u == nil {
		return
	}
	u.mu.Lock()
	u.held = true
	u.mu.Unlock()
}

// again returns the body of the replay, after the first send is through with
// its own. settle, or the body's Close, ends the replay.
func (u *upload) again(ctx context.Context) (io.ReadCloser, error) {
	if err := u.replayable(); err != nil {
		return nil, err
	}
	if err := u.wait(ctx); err != nil {
		return nil, err
	}
	if u.get == nil {
		if err := u.replayable(); err != nil { // a Read was in progress
			return nil, err
		}
		return newReplay(u), nil
	}
	u.settle(true)
	body, err := u.get()
	if err != nil {
		return nil, fmt.Errorf("%w, as its GetBody failed, but the token is renewed: make the call again: %w",
			ErrNotReplayable, err)
	}
	return body, nil
}

func (u *upload) replayable() error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.get != nil || u.keeping {
		return nil
	}
	return fmt.Errorf("%w, as more than MaxReplayBody (%d bytes) of it had been read, but the token is renewed: "+
		"make the call again", ErrNotReplayable, u.limit)
}

// wait returns when the replay may begin: the first send has closed its body,
// or has had time enough to. HTTP/1.1 can return an early 401 while the request's
// body is still being read. A Read in progress may last as long as the caller
// has nothing to send; what it brings is the replay's, which waits for it, and
// of no more use to the base, which need not have it behind it.
func (u *upload) wait(ctx context.Context) error {
	grace, stuck := time.NewTimer(closeGrace), time.NewTimer(readGrace)
	defer grace.Stop()
	defer stuck.Stop()
	for {
		u.mu.Lock()
		if u.isIdle() {
			u.sealed = true
			u.mu.Unlock()
			return ctx.Err()
		}
		change := u.changes()
		u.mu.Unlock()
		select {
		case <-change:
			stuck.Reset(readGrace)
		case <-ctx.Done():
			return ctx.Err()
		case <-grace.C:
			u.mu.Lock()
			u.sealed = true
			u.mu.Unlock()
		case <-stuck.C:
			u.mu.Lock()
			u.sealed = u.sealed || u.reading > 0 && u.wild == 0
			u.mu.Unlock()
		}
	}
}

// isIdle reports whether the replay may begin. Not every GetBody returns a body
// that is independent of the first, so that one must not be read any more.
func (u *upload) isIdle() bool {
	if u.get != nil {
		return u.sealed || u.open == 0 && u.reading == 0
	}
	return u.sealed || u.open == 0 && u.wild == 0
}

// changes returns a channel that is closed at the next change. The caller holds mu.
func (u *upload) changes() <-chan struct{} {
	if u.change == nil {
		u.change = make(chan struct{})
	}
	return u.change
}

// signal wakes who waits for a change. The caller holds mu.
func (u *upload) signal() {
	if u.change != nil {
		close(u.change)
		u.change = nil
	}
}
