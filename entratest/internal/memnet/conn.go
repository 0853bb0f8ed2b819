package memnet

import (
	"io"
	"net"
	"syscall"
	"time"
)

// An addr is a host and its port.
type addr string

func (addr) Network() string  { return "memory" }
func (a addr) String() string { return string(a) }

// A conn is one end of a connection.
type conn struct {
	in, out       *pipe
	local, remote addr
}

// newConns returns the two ends of a connection.
func newConns(client, server addr) (net.Conn, net.Conn) {
	up, down := newPipe(), newPipe()
	return &conn{in: down, out: up, local: client, remote: server}, &conn{in: up, out: down, local: server, remote: client}
}

func (c *conn) Read(b []byte) (int, error)  { return c.in.Read(b) }
func (c *conn) Write(b []byte) (int, error) { return c.out.Write(b) }

// Close lets the peer read what was written before.
func (c *conn) Close() error { return c.close(io.EOF) }

func (c *conn) close(why error) error {
	c.out.endWriting(why)
	c.in.endReading()
	c.SetDeadline(time.Time{}) // no timer stays behind
	return nil
}

// Reset cuts the connection: what the peer has not read is lost, and it gets
// ECONNRESET, as after a TCP RST.
func (c *conn) Reset() error { return c.close(syscall.ECONNRESET) }

func (c *conn) LocalAddr() net.Addr  { return c.local }
func (c *conn) RemoteAddr() net.Addr { return c.remote }

func (c *conn) SetDeadline(t time.Time) error {
	c.in.set(&c.in.read, t)
	c.out.set(&c.out.write, t)
	return nil
}

func (c *conn) SetReadDeadline(t time.Time) error {
	c.in.set(&c.in.read, t)
	return nil
}

func (c *conn) SetWriteDeadline(t time.Time) error {
	c.out.set(&c.out.write, t)
	return nil
}
