package entratest

import (
	"fmt"
	"net/http"
	"strings"
	"sync"

	"github.com/msalcae/msalcae/entratest/internal/site"
)

// hosts are the names that ServeHost has given.
type hosts struct {
	mu    sync.RWMutex
	named map[string]http.Handler // by lower-case host
}

func (h *hosts) handler(host string) http.Handler {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.named[plainHost(strings.TrimSuffix(host, ":443"))]
}

// ServeHost serves handler, an API of your own behind Protect for example, at
// https://host for the server's Client and for nobody else, and returns that
// URL. Any name will do that is not the server's own: orders.contoso.test as
// well as contoso.vault.azure.net, so that a program can be tested with the
// names that it has in production. A later handler of the same name replaces an
// earlier one. ServeHost panics if the name is empty, has a port, or is the
// server's own.
func (s *Server) ServeHost(host string, handler http.Handler) string {
	host = plainHost(host)
	if host == "" || strings.ContainsAny(host, ":/") || s.ownName(host) {
		panic(fmt.Sprintf("entratest: ServeHost: %q is not a host that can be given away", host))
	}
	sharedIdentity().Trust(host)
	s.hosts.mu.Lock()
	defer s.hosts.mu.Unlock()
	if s.hosts.named == nil {
		s.hosts.named = map[string]http.Handler{}
	}
	s.hosts.named[host] = handler
	return "https://" + host
}

// ownName tells whether host leads to the server already, or to the machine.
func (s *Server) ownName(host string) bool {
	if loginHost(host) || cloudOfGraph(host) != nil || host == uploadHost || host+":80" == metadataAddress || site.OnLoopback(host+":443") {
		return true
	}
	for _, own := range []*site.Site{s.web, s.graph, s.files, s.metadata} {
		if own.Addr == host {
			return true
		}
	}
	return false
}

// otherHosts routes what is neither the authority's nor the API's.
func (s *Server) otherHosts() http.Handler {
	uploads := s.uploadURLs()
	return s.entered(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if named := s.hosts.handler(r.Host); named != nil {
			named.ServeHTTP(w, r)
			return
		}
		uploads.ServeHTTP(w, r)
	}))
}
