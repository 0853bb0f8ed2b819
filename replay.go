package msalcae

import (
	"net/http"
	"sync/atomic"
)

// A replay is the body of the second send, of a request without GetBody: what
// the first send had read, then what it had not.
type replay struct {
	up     *upload
	kept   chunks
	closed atomic.Bool
}

// newReplay takes over what up keeps. up is sealed: only a Read in progress adds
// to it.
func newReplay(up *upload) *replay { return &replay{up: up} }

// Read implements io.Reader. Close ends its wait for the first send's last Read.
func (r *replay) Read(p []byte) (int, error) {
	u := r.up
	for {
		u.mu.Lock()
		over, end, last := !u.keeping, u.end, u.reading > 0
		if len(r.kept) == 0 {
			r.kept, u.kept = u.kept, nil
		}
		change := u.changes()
		u.mu.Unlock()
		switch {
		case over && !r.closed.Load():
			return 0, ErrNotReplayable // that Read brought more than can be kept
		case over:
			return 0, http.ErrBodyReadAfterClose
		case len(r.kept) > 0:
			return r.kept.take(p), nil
		case last:
			<-change
			continue
		case end != nil:
			return 0, end
		}
		return u.src.Read(p)
	}
}

// Close closes the caller's body.
func (r *replay) Close() error {
	r.closed.Store(true)
	return r.up.settle(true)
}

// chunks is a queue of bytes that grows without copying, and by no more than
// 32 KiB beyond what it holds.
type chunks [][]byte

const (
	firstChunk = 512
	mostChunk  = 32 << 10
)

func (c *chunks) add(p []byte) {
	for len(p) > 0 {
		last := len(*c) - 1
		if last < 0 {
			*c = append(*c, make([]byte, 0, firstChunk))
			continue
		}
		tail := (*c)[last]
		n := min(len(p), cap(tail)-len(tail))
		if n == 0 {
			*c = append(*c, make([]byte, 0, min(2*cap(tail), mostChunk)))
			continue
		}
		(*c)[last] = append(tail, p[:n]...)
		p = p[n:]
	}
}

// take moves bytes from the front of the queue to p.
func (c *chunks) take(p []byte) int {
	head := (*c)[0]
	n := copy(p, head)
	(*c)[0] = head[n:]
	if n == len(head) {
		(*c)[0] = nil
		*c = (*c)[1:]
	}
	return n
}
