package entratest

import (
	"net/http"
	"strings"

	"github.com/msalcae/msalcae/entratest/internal/graph"
)

// uploadHost is the host of upload sessions for who knows Graph by its real
// name: OneDrive's own in a tenant named contoso.
const uploadHost = "contoso-my.sharepoint.com"

// graphLike returns the Graph-like API, whose people are the directory's.
func (s *Server) graphLike() *graph.API {
	return &graph.API{
		People: func() []graph.Person {
			s.mu.Lock()
			defer s.mu.Unlock()
			all := make([]graph.Person, len(s.users))
			for i, u := range s.users {
				all[i] = u.atGraph()
			}
			return all
		},
		Person: func(name string) (graph.Person, bool) {
			s.mu.Lock()
			defer s.mu.Unlock()
			u := s.user(name)
			if u == nil {
				return graph.Person{}, false
			}
			return u.atGraph(), true
		},
		Revoke:       s.Revoke,
		UploadOrigin: s.uploadOrigin,
	}
}

// graphAPI serves the Graph-like API to whom guard lets in.
func (s *Server) graphAPI() http.Handler {
	audiences := graphAudiences(s.graph)
	resource := func() Resource {
		s.mu.Lock()
		defer s.mu.Unlock()
		return Resource{Audiences: audiences, Form: s.policy.form}
	}
	return s.entered(crossOrigin(s.graphLike().Handler(func(next func(*graph.Exchange, *graph.Caller)) http.Handler {
		guarded := s.guard(resource, func(x *exchange, c *caller) { next(x.graphExchange(c.kept), c.atGraph()) })
		return s.observe(APIEndpoint, func(x *exchange) {
			x.graph = true
			guarded(x)
		})
	})))
}

// uploadURLs serves what upload URLs lead to: no token lets in there.
func (s *Server) uploadURLs() http.Handler {
	other := s.observe(OtherEndpoint, func(x *exchange) { x.WriteHeader(http.StatusNotFound) })
	return graph.Uploads(func(next func(*graph.Exchange)) http.Handler {
		return s.observe(UploadEndpoint, func(x *exchange) {
			x.rec.Path = "/up/" + hashOf(x.r.PathValue("id"))[:8] // who knows the id may write
			s.mu.Lock()
			g := x.graphExchange(s.graphStore)
			s.mu.Unlock()
			g.Headers()
			if !x.faulty() {
				next(g)
			}
		})
	}, other)
}

// uploadOrigin is always of another host than the request's.
func (s *Server) uploadOrigin(r *http.Request) string {
	switch host := strings.ToLower(r.Host); {
	case cloudOfGraph(strings.TrimSuffix(host, ":443")) != nil:
		return "https://" + uploadHost
	case host == s.graph.Addr && len(s.files.AKA) > 0:
		return "https://" + s.files.AKA[0]
	}
	return s.files.Origin()
}

func (u *account) atGraph() graph.Person {
	return graph.Person{ID: u.ObjectID, Name: u.Name, Username: u.Username}
}

// atGraph is the caller as the Graph-like API knows it.
func (c *caller) atGraph() *graph.Caller {
	known := &graph.Caller{ID: c.objectID, Scopes: strings.Fields(c.token.Scopes)}
	if c.user != nil {
		p := c.user.atGraph()
		known.Person, known.Subject = &p, pairwise(p.ID, c.token.App)
	} else {
		known.AppID, known.AppName = c.app.ClientID, c.app.Name
	}
	return known
}

// graphExchange is the exchange as the Graph-like API knows it, which keeps what
// it keeps in the store.
func (x *exchange) graphExchange(kept *graph.Store) *graph.Exchange {
	return &graph.Exchange{ResponseWriter: x, Request: x.r, RequestID: x.traceID, ClientRequestID: x.rec.CorrelationID,
		Now: x.s.apiNow, Store: kept, Record: &x.graphRecord}
}

// graphError answers with Graph's error object.
func (x *exchange) graphError(status int, code, message string) {
	x.graphExchange(nil).Error(status, code, message)
}
