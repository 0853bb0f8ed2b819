package memnet

import (
	"bytes"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// maxBuffered is how many bytes wait in one direction of a connection before
// Write waits for the reader, as a socket's buffers would hold.
const maxBuffered = 1 << 20

// A pipe is one direction of a connection. Whoever waits, waits on a
// sync.Cond, which lets the clock of a testing/synctest bubble go on.
type pipe struct {
	mu      sync.Mutex
	changed sync.Cond
	data    bytes.Buffer

	written error // io.EOF once the writer has closed, ECONNRESET once it has aborted
	unread  error // what Write fails with once the reader has closed
	read    deadline
	write   deadline
}

func newPipe() *pipe {
	p := new(pipe)
	p.changed.L = &p.mu
	return p
}

// Read returns what has arrived. After the writer closed, it returns the rest
// and io.EOF then; after an abort, nothing but the error.
func (p *pipe) Read(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		switch {
		case p.unread != nil:
			return 0, net.ErrClosed
		case p.read.passed():
			return 0, os.ErrDeadlineExceeded
		case p.written != nil && p.written != io.EOF:
			return 0, p.written
		case len(b) == 0:
			return 0, nil
		case p.data.Len() > 0:
			n, _ := p.data.Read(b)
			p.changed.Broadcast()
			return n, nil
		case p.written != nil:
			return 0, p.written
		}
		p.changed.Wait()
	}
}

// Write returns when all of b has been taken over.
func (p *pipe) Write(b []byte) (n int, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		switch {
		case p.written != nil:
			return n, net.ErrClosed
		case p.unread != nil:
			return n, p.unread
		case p.write.passed():
			return n, os.ErrDeadlineExceeded
		}
		if room := min(maxBuffered-p.data.Len(), len(b)); room > 0 {
			p.data.Write(b[:room])
			p.changed.Broadcast()
			n, b = n+room, b[room:]
		}
		if len(b) == 0 {
			return n, nil
		}
		p.changed.Wait()
	}
}

// endWriting lets the reader see err once it has read the rest.
func (p *pipe) endWriting(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.written == nil {
		p.written = err
	}
	p.changed.Broadcast()
}

// endReading drops what has not been read; the writer is told.
func (p *pipe) endReading() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.unread == nil {
		p.unread = syscall.EPIPE
	}
	p.data.Reset()
	p.changed.Broadcast()
}

// A deadline wakes who waits when its time has come.
type deadline struct {
	at    time.Time
	timer *time.Timer
}

func (d *deadline) passed() bool { return !d.at.IsZero() && !time.Now().Before(d.at) }

// set changes a deadline of p; the zero time means none.
func (p *pipe) set(d *deadline, at time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
	d.at = at
	if left := time.Until(at); !at.IsZero() && left > 0 {
		d.timer = time.AfterFunc(left, func() {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.changed.Broadcast()
		})
	}
	p.changed.Broadcast()
}
