package entratest

import (
	"context"
	"crypto/tls"
	"fmt"
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

// A site is one listener with the server on it.
type site struct {
	addr     string   // as URLs name it: 127.0.0.1:port, or a name if the network is in memory
	aka      []string // its other names
	dial     string   // what the network knows it by
	plain    bool     // without TLS
	listener net.Listener
	server   *http.Server
	conns    sync.WaitGroup // connections and the accept loop
}

// listen opens a port of the network, 0 being any; in memory, where there is
// room for all, the default one of a name. Nothing is served before serve.
func listen(n network, name string, port int) (*site, error) {
	if _, ok := n.(*memory); ok {
		l, err := n.Listen(name + ":443")
		if err != nil {
			return nil, err
		}
		return &site{addr: name, dial: l.Addr().String(), listener: l}, nil
	}
	l, err := n.Listen(net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return nil, err
	}
	addr := l.Addr().(*net.TCPAddr)
	return &site{addr: addr.String(), aka: []string{"localhost:" + strconv.Itoa(addr.Port)}, dial: addr.String(), listener: l}, nil
}

// listenAll opens the sites of a server: the authority, the API, and all else.
func listenAll(n network, c Config) (all [4]*site, err error) {
	for i, want := range []struct {
		what, name string
		port       int
	}{
		{"authority", "login", c.AuthorityPort}, {"API", "graph", c.APIPort}, {"upload host", "files", c.UploadPort},
		{"managed identity endpoint", "metadata", c.IdentityPort},
	} {
		if all[i], err = listen(n, want.name+"."+memoryDomain, want.port); err != nil {
			for _, open := range all[:i] {
				open.listener.Close()
			}
			return all, fmt.Errorf("entratest: the %s cannot listen: %w", want.what, err)
		}
	}
	all[3].plain = true
	return all, nil
}

func (s *site) origin() string {
	if s.plain {
		return "http://" + s.addr
	}
	return "https://" + s.addr
}

// names are all that are not Microsoft's.
func (s *site) names() []string { return append([]string{s.addr}, s.aka...) }

// serve answers with h over TLS, HTTP/1.1 and HTTP/2, as Entra and Graph do, or
// over HTTP/1.1 alone.
func (s *site) serve(ctx context.Context, h http.Handler) {
	s.server = &http.Server{
		Handler:           h,
		TLSConfig:         &tls.Config{GetCertificate: sharedIdentity().certificate, MinVersion: tls.VersionTLS12},
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ConnContext:       withConn,
		ConnState:         s.connState,
		ErrorLog:          log.New(quiet{os.Stderr}, "entratest: ", 0),
		ReadHeaderTimeout: time.Minute,
		MaxHeaderBytes:    maxHeaderBytes,
		// Thousands of concurrent calls fit into one connection.
		HTTP2: &http.HTTP2Config{MaxConcurrentStreams: 20000},
	}
	if s.plain {
		s.conns.Go(func() { s.server.Serve(s.listener) })
		return
	}
	s.conns.Go(func() { s.server.ServeTLS(s.listener, "", "") })
}

func (s *site) connState(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		s.conns.Add(1)
	case http.StateClosed, http.StateHijacked:
		s.conns.Done()
	}
}

// close cuts every connection and waits until their goroutines have ended.
func (s *site) close() {
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
