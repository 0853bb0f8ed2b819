package entratest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/msalcae/msalcae/internal/clouds"
)

func reroutedHosts() []string {
	var all []string
	for _, c := range clouds.All {
		all = append(append(all, c.Login...), c.Graph...)
	}
	return all
}

// loginHost tells whether host, without a port, is an authority of Microsoft's.
func loginHost(host string) bool { return clouds.OfLogin(plainHost(host)) != nil }

// cloudOfGraph returns the cloud whose Graph is at host, nil if none is.
func cloudOfGraph(host string) *clouds.Cloud { return clouds.OfGraph(plainHost(host)) }

// plainHost spells a host in the one of its ways that names it here.
func plainHost(host string) string { return strings.TrimSuffix(strings.ToLower(host), ".") }

// newTransport makes the transport of Client: it trusts the server's
// certificates and dials the server for Microsoft's hosts. TLS sees the name
// that was asked for, and so does the server.
func (s *Server) newTransport() *http.Transport {
	roots := x509.NewCertPool()
	roots.AddCert(sharedIdentity().CA)
	return &http.Transport{
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			return s.network.DialContext(ctx, network, s.reroute(addr))
		},
		TLSClientConfig:     &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		ForceAttemptHTTP2:   true,
		MaxIdleConnsPerHost: 100,
		IdleConnTimeout:     90 * time.Second,
	}
}

// metadataAddress is where Azure's machines find their metadata service.
const metadataAddress = "169.254.169.254:80"

// reroute returns where to dial for addr.
func (s *Server) reroute(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if addr == metadataAddress || addr == s.metadata.Addr+":80" {
		return s.metadata.Dial
	}
	switch {
	case err != nil:
		return addr
	case loginHost(host): // whatever the port: no test asks the real one
		return s.web.Dial
	case cloudOfGraph(host) != nil:
		return s.graph.Dial
	case port == "443" && (plainHost(host) == uploadHost || s.hosts.handler(host) != nil):
		return s.files.Dial
	}
	return addr
}

// loginOrigin is the origin by which a request reached the authority: URLs in
// answers must be of the host that the client asked, or MSAL refuses them.
func (s *Server) loginOrigin(r *http.Request) string {
	host := strings.ToLower(strings.TrimSuffix(r.Host, ":443"))
	if hasFold(s.web.AKA, host) || loginHost(host) {
		return "https://" + host
	}
	return s.web.Origin()
}

// ownHost tells whether host[:port] is the authority, under any of its names.
func (s *Server) ownHost(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, ":443"))
	return hasFold(s.web.Names(), host) || loginHost(host)
}
