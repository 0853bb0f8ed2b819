// Package memnet is a network in memory: connections without sockets, which
// behave like TCP's on loopback and wait in a way that a testing/synctest
// bubble understands.
package memnet

import (
	"context"
	"fmt"
	"net"
	"sync"
	"syscall"
)

// A Network connects clients to the listeners on it and to nothing else. The
// zero Network has no listeners. Its methods may be called concurrently.
type Network struct {
	mu        sync.Mutex
	listeners map[addr]*listener
	dialed    int
}

// Listen opens address, host:port, for connections. An address that is taken
// is an EADDRINUSE.
func (n *Network) Listen(address string) (net.Listener, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	a := addr(address)
	if n.listeners[a] != nil {
		return nil, &net.OpError{Op: "listen", Net: a.Network(), Addr: a, Err: syscall.EADDRINUSE}
	}
	l := &listener{n: n, addr: a, backlog: make(chan net.Conn), closed: make(chan struct{})}
	if n.listeners == nil {
		n.listeners = map[addr]*listener{}
	}
	n.listeners[a] = l
	return l, nil
}

// DialContext connects to a listener; where there is none, the connection is
// refused. It has the form that http.Transport wants.
func (n *Network) DialContext(ctx context.Context, _, address string) (net.Conn, error) {
	to := addr(address)
	n.mu.Lock()
	l := n.listeners[to]
	n.dialed++
	from := addr(fmt.Sprintf("client:%d", n.dialed))
	n.mu.Unlock()
	failed := func(err error) error { return &net.OpError{Op: "dial", Net: to.Network(), Addr: to, Err: err} }
	if l == nil {
		return nil, failed(syscall.ECONNREFUSED)
	}
	client, server := newConns(from, to)
	select {
	case l.backlog <- server:
		return client, nil
	case <-l.closed:
		return nil, failed(syscall.ECONNREFUSED)
	case <-ctx.Done():
		return nil, failed(ctx.Err())
	}
}

type listener struct {
	n       *Network
	addr    addr
	backlog chan net.Conn
	once    sync.Once
	closed  chan struct{}
}

func (l *listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.backlog:
		return c, nil
	case <-l.closed:
		return nil, &net.OpError{Op: "accept", Net: l.addr.Network(), Addr: l.addr, Err: net.ErrClosed}
	}
}

func (l *listener) Close() error {
	l.once.Do(func() {
		close(l.closed)
		l.n.mu.Lock()
		defer l.n.mu.Unlock()
		delete(l.n.listeners, l.addr)
	})
	return nil
}

func (l *listener) Addr() net.Addr { return l.addr }
