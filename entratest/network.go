package entratest

import (
	"context"
	"net"
	"time"

	"github.com/msalcae/msalcae/entratest/internal/memnet"
)

// A network is where a server listens and what its clients dial.
type network interface {
	Listen(address string) (net.Listener, error)
	DialContext(ctx context.Context, network, address string) (net.Conn, error)
}

// loopback is the real one.
type loopback struct{ net.Dialer }

func newLoopback() *loopback { return &loopback{net.Dialer{Timeout: 30 * time.Second}} }

func (*loopback) Listen(address string) (net.Listener, error) { return net.Listen("tcp", address) }

// memory is the network of a server without sockets. What is on a loopback
// address is not of it and is dialled for real: the listener of a client to
// which a browser brings its answer.
type memory struct {
	memnet.Network
	outside *loopback
}

func newMemory() *memory { return &memory{outside: newLoopback()} }

func (m *memory) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	if onLoopback(address) {
		return m.outside.DialContext(ctx, network, address)
	}
	return m.Network.DialContext(ctx, network, address)
}

func onLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	return err == nil && (host == "localhost" || net.ParseIP(host).IsLoopback())
}
