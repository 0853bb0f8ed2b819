package msalcae

import "net/http"

// A replay is the body of the second send, of a request without GetBody: what
// the first send had read, then what it had not.
type replay struct {
	up   *upload
	kept chunks
}

// newReplay takes over what up kept. up is sealed: nobody adds to it.
func newReplay(up *upload) *replay {
	up.mu.Lock()
	defer up.mu.Unlock()
	r := &replay{up: up, kept: up.kept}
	up.kept = nil
	return r
}

// Read implements io.Reader.
func (r *replay) Read(p []byte) (int, error) {
	r.up.mu.Lock()
	over, end := !r.up.keeping, r.up.end
	r.up.mu.Unlock()
	switch {
	case over:
		return 0, http.ErrBodyReadAfterClose
	case len(r.kept) > 0:
		return r.kept.take(p), nil
	case end != nil:
		return 0, end
	}
	return r.up.src.Read(p)
}

// Close closes the caller's body.
func (r *replay) Close() error { return r.up.settle(true) }

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
