package entratest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"strings"
	"time"
)

// A cloud is one of Microsoft's: the authority hosts with their aliases, and
// the Graph host that belongs to them.
type cloud struct {
	preferredNetwork, preferredCache string
	aliases                          []string
	graph                            []string
}

// clouds are those that the MSALs know. The first is the public one.
var clouds = []cloud{
	{"login.microsoftonline.com", "login.windows.net",
		[]string{"login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net"},
		[]string{"graph.microsoft.com"}},
	{"login.partner.microsoftonline.cn", "login.partner.microsoftonline.cn",
		[]string{"login.partner.microsoftonline.cn", "login.chinacloudapi.cn"},
		[]string{"microsoftgraph.chinacloudapi.cn"}},
	{"login.microsoftonline.de", "login.microsoftonline.de",
		[]string{"login.microsoftonline.de"},
		[]string{"graph.microsoft.de"}},
	{"login.microsoftonline.us", "login.microsoftonline.us",
		[]string{"login.microsoftonline.us", "login.usgovcloudapi.net"},
		[]string{"graph.microsoft.us", "dod-graph.microsoft.us"}},
	{"login-us.microsoftonline.com", "login-us.microsoftonline.com",
		[]string{"login-us.microsoftonline.com"}, nil},
	{"login.sovcloud-identity.fr", "login.sovcloud-identity.fr", []string{"login.sovcloud-identity.fr"}, nil},
	{"login.sovcloud-identity.de", "login.sovcloud-identity.de", []string{"login.sovcloud-identity.de"}, nil},
	{"login.sovcloud-identity.sg", "login.sovcloud-identity.sg", []string{"login.sovcloud-identity.sg"}, nil},
}

func reroutedHosts() []string {
	var all []string
	for _, c := range clouds {
		all = append(append(all, c.aliases...), c.graph...)
	}
	return all
}

// loginHost tells whether host, without a port, is an authority of Microsoft's.
func loginHost(host string) bool {
	for _, c := range clouds {
		if hasFold(c.aliases, host) {
			return true
		}
	}
	return false
}

// cloudOfGraph returns the cloud whose Graph host is.
func cloudOfGraph(host string) (cloud, bool) {
	for _, c := range clouds {
		if hasFold(c.graph, host) {
			return c, true
		}
	}
	return cloud{}, false
}

// newTransport makes the transport of Client: it trusts the server's
// certificates and dials the server for Microsoft's hosts. TLS sees the name
// that was asked for, and so does the server.
func (s *Server) newTransport() *http.Transport {
	roots := x509.NewCertPool()
	roots.AddCert(sharedIdentity().ca)
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

// reroute returns where to dial for addr.
func (s *Server) reroute(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if err != nil || port != "443" {
		return addr
	}
	if loginHost(host) {
		return s.web.dial
	}
	if _, ok := cloudOfGraph(host); ok {
		return s.graph.dial
	}
	return addr
}

// loginOrigin is the origin by which a request reached the authority: URLs in
// answers must be of the host that the client asked, or MSAL refuses them.
func (s *Server) loginOrigin(r *http.Request) string {
	host := strings.ToLower(strings.TrimSuffix(r.Host, ":443"))
	if hasFold(s.web.aka, host) || loginHost(host) {
		return "https://" + host
	}
	return s.web.origin()
}

// ownHost tells whether host[:port] is the authority, under any of its names.
func (s *Server) ownHost(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, ":443"))
	return hasFold(s.web.names(), host) || loginHost(host)
}
