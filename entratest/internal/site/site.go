// Package site is where a server is found: listeners on loopback or in memory, the
// certificates that they show, and an end that waits for everything under way.
package site

import (
	"context"
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

// maxHeaderBytes is the most of a request's header: more is refused.
const maxHeaderBytes = 128 << 10

// A Site is one listener with the server on it.
type Site struct {
	Addr     string   // as URLs name it: 127.0.0.1:port, or a name if the network is in memory
	AKA      []string // its other names
	Dial     string   // what the network knows it by
	Plain    bool     // without TLS
	listener net.Listener
	server   *http.Server
	conns    sync.WaitGroup // connections and the accept loop
}

// Listen opens a port of the network, 0 being any; in memory, where there is
// room for all, the default one of a name. Nothing is served before Serve.
func Listen(n Network, name string, port int) (*Site, error) {
	if _, ok := n.(*Memory); ok {
		l, err := n.Listen(name + ":443")
		if err != nil {
			return nil, err
		}
		return &Site{Addr: name, Dial: l.Addr().String(), listener: l}, nil
	}
	l, err := n.Listen(net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return nil, err
	}
	addr := l.Addr().(*net.TCPAddr)
	return &Site{Addr: addr.String(), AKA: []string{"localhost:" + strconv.Itoa(addr.Port)}, Dial: addr.String(), listener: l}, nil
}

// Origin is the scheme and host of its URLs.
func (s *Site) Origin() string {
	if s.Plain {
		return "http://" + s.Addr
	}
	return "https://" + s.Addr
}

// Names are all that are not Microsoft's.
func (s *Site) Names() []string { return append([]string{s.Addr}, s.AKA...) }

// Serve answers with h over TLS, HTTP/1.1 and HTTP/2, as Entra and Graph do, or
// over HTTP/1.1 alone if the site is Plain. ctx is that of every request.
func (s *Site) Serve(ctx context.Context, i *Identity, h http.Handler) {
	s.server = &http.Server{
		Handler:           h,
		TLSConfig:         &tls.Config{GetCertificate: i.certificate, MinVersion: tls.VersionTLS12},
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ConnContext:       withConn,
		ConnState:         s.connState,
		ErrorLog:          log.New(quiet{os.Stderr}, "entratest: ", 0),
		ReadHeaderTimeout: time.Minute,
		MaxHeaderBytes:    maxHeaderBytes,
		// Thousands of concurrent calls fit into one connection.
		HTTP2: &http.HTTP2Config{MaxConcurrentStreams: 20000},
	}
	if s.Plain {
		s.conns.Go(func() { s.server.Serve(s.listener) })
		return
	}
	s.conns.Go(func() { s.server.ServeTLS(s.listener, "", "") })
}

func (s *Site) connState(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		s.conns.Add(1)
	case http.StateClosed, http.StateHijacked:
		s.conns.Done()
	}
}

// Close cuts every connection and waits until their goroutines have ended.
func (s *Site) Close() {
	if s.server == nil {
		s.listener.Close()
		return
	}
	s.server.Close()
	s.conns.Wait()
}

// quiet drops what net/http logs about clients that do not trust the
// certificate or leave early: in tests both are on purpose.
type quiet struct{ to io.Writer }

func (q quiet) Write(p []byte) (int, error) {
	if strings.Contains(string(p), "TLS handshake error") || strings.Contains(string(p), "error reading preface") {
		return len(p), nil
	}
	return q.to.Write(p)
}

// connKey finds a request's connection in its context.
type connKey struct{}

func withConn(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, c)
}

// Conn returns the connection of a request of a Site, by its context; nil if it
// is of another server.
func Conn(ctx context.Context) net.Conn {
	c, _ := ctx.Value(connKey{}).(net.Conn)
	return c
}
