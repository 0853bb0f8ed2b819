package msalcae

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"sync"
	"time"
)

const (
	mostKept  = 64 << 10        // bytes of a challenge's body
	mostDrain = 5 * time.Second // spent on reading it
)

// detach moves a challenge's body to memory and closes it. A body that was read
// to its end lets its connection be used again. One that is too large, or not
// there within ctx and mostDrain, is cut: reading past what was kept fails with
// io.ErrUnexpectedEOF, or with the error that ended the body.
//
// The channel is closed when the body is. That is not waited for here, because
// with HTTP/2 Close waits for the caller's upload to yield.
func detach(ctx context.Context, body io.ReadCloser) (io.ReadCloser, <-chan struct{}) {
	if body == nil || body == http.NoBody {
		return http.NoBody, alreadyClosed
	}
	d := &draining{body: body, read: make(chan struct{}), closed: make(chan struct{})}
	go d.run()
	limit := time.NewTimer(mostDrain)
	defer limit.Stop()
	select {
	case <-d.read:
	case <-limit.C:
		go d.shut()
	case <-ctx.Done():
		go d.shut()
	}
	return d.result(), d.closed
}

// alreadyClosed is the channel of a body that there is none of.
var alreadyClosed = func() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

// draining reads a body in a goroutine of its own, which ends when the body
// does or is closed, so that no body can hold the call.
type draining struct {
	body         io.ReadCloser
	read, closed chan struct{} // closed when the body is
	once         sync.Once

	mu   sync.Mutex
	kept []byte
	err  error // that ended the body; nil while it is read
	left bool  // nobody waits any more
}

func (d *draining) run() {
	chunk := make([]byte, 4<<10)
	for more := true; more; {
		n, err := d.body.Read(chunk)
		more = d.add(chunk[:n], err)
	}
	close(d.read)
	d.shut()
}

func (d *draining) shut() {
	d.once.Do(func() {
		d.body.Close()
		close(d.closed)
	})
}

// add keeps p and says whether to read on: until the end has been seen, or a
// byte more than is kept.
func (d *draining) add(p []byte, err error) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.left {
		return false
	}
	room := mostKept - len(d.kept)
	d.kept = append(d.kept, p[:min(len(p), room)]...)
	if len(p) > room {
		err = io.ErrUnexpectedEOF
	}
	d.err = err
	return err == nil
}

func (d *draining) result() io.ReadCloser {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.left = true
	end := d.err
	if end == nil {
		end = io.ErrUnexpectedEOF
	}
	return &memory{bytes.NewReader(d.kept), end}
}

// memory is a body that is read from memory and then ends with end.
type memory struct {
	kept *bytes.Reader
	end  error
}

func (m *memory) Read(p []byte) (int, error) {
	n, err := m.kept.Read(p)
	if err == io.EOF {
		err = m.end
	}
	return n, err
}

func (m *memory) Close() error { return nil }
