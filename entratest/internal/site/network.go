package site

import (
	"context"
	"net"
	"time"

	"github.com/msalcae/msalcae/entratest/internal/memnet"
)

// A Network is where a server listens and what its clients dial.
type Network interface {
	Listen(address string) (net.Listener, error)
	DialContext(ctx context.Context, network, address string) (net.Conn, error)
}

// Loopback is the real one.
type Loopback struct{ net.Dialer }

// NewLoopback returns it.
func NewLoopback() *Loopback { return &Loopback{net.Dialer{Timeout: 30 * time.Second}} }

func (*Loopback) Listen(address string) (net.Listener, error) { return net.Listen("tcp", address) }

// Memory is the network of a server without sockets. What is on a loopback
// address is not of it and is dialled for real: the listener of a client to
// which a browser brings its answer.
type Memory struct {
	memnet.Network
	outside *Loopback
}

// NewMemory returns one with nobody on it.
func NewMemory() *Memory { return &Memory{outside: NewLoopback()} }

func (m *Memory) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	if OnLoopback(address) {
		return m.outside.DialContext(ctx, network, address)
	}
	return m.Network.DialContext(ctx, network, address)
}

// OnLoopback tells whether an address, host:port, is one of this machine alone.
func OnLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	return err == nil && (host == "localhost" || net.ParseIP(host).IsLoopback())
}
