package entratest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// A Fault takes the place of an answer, or spoils it. Its fields are looked at
// in their order; the zero Fault changes nothing.
type Fault struct {
	// Grant, if not "", lets only token requests of that grant_type meet the
	// fault.
	Grant string `json:"grant,omitempty"`
	// Path, if not "", lets only requests for that path and all below it meet
	// the fault. Paths of the Graph-like API are without its version:
	// "/me/messages".
	Path string `json:"path,omitempty"`

	// Delay is waited before anything else. Alone it makes a slow server: the
	// true answer follows.
	Delay time.Duration `json:"delay,omitempty"`
	// Hang never answers: the request ends when its client gives up or the
	// server is closed.
	Hang bool `json:"hang,omitempty"`
	// Drop ends the connection, of HTTP/2 the stream, without an answer. Go's
	// http.Transport repeats a GET by itself if its connection was a used one.
	Drop bool `json:"drop,omitempty"`
	// Reset is Drop by a TCP RST, of HTTP/2 the connection with all that is
	// under way on it.
	Reset bool `json:"reset,omitempty"`
	// Truncate cuts the answer off in the middle of its body, be it the true
	// one or what follows here. An answer without a body stays whole.
	Truncate bool `json:"truncate,omitempty"`
	// Stall is Truncate, but instead of an end there comes nothing more, as
	// with Hang.
	Stall bool `json:"stall,omitempty"`

	// AADSTS, not 0, answers with that error in Entra's form; the codes that
	// the server knows have their usual texts.
	AADSTS int `json:"aadsts,omitempty"`
	// OAuthError, if not "", replaces the usual one of AADSTS.
	OAuthError string `json:"oauth_error,omitempty"`
	// Suberror, if not "", replaces the usual one of AADSTS.
	Suberror string `json:"suberror,omitempty"`
	// Claims, if not "", is the claims member of AADSTS's answer.
	Claims string `json:"claims,omitempty"`

	// Challenge, if not "", answers 401 with a claims challenge of exactly this
	// text, which need not be JSON.
	Challenge string `json:"challenge,omitempty"`
	// Form is the Challenge's, MalformedForms being good as well; "" is the
	// API's own.
	Form ChallengeForm `json:"form,omitempty"`

	// Status is the HTTP status; 0 means what belongs to AADSTS or Challenge,
	// or, if Header or Body is set, 200.
	Status int `json:"status,omitempty"`
	// Header is added to the answer's.
	Header http.Header `json:"header,omitempty"`
	// Body replaces the answer's, if not "".
	Body string `json:"body,omitempty"`
}

type plannedFault struct {
	fault Fault
	left  int // negative: until cleared
}

type faults struct {
	mu      sync.Mutex
	planned map[Endpoint][]*plannedFault
}

// Fail makes the next n requests for the endpoint meet the fault; a negative n
// means all of them until ClearFaults. Several faults of one endpoint are met
// one after another, in the order of the calls; one that is not for a request
// lets it pass on to the next. Fail panics if there is no such endpoint or form.
func (s *Server) Fail(e Endpoint, n int, f Fault) {
	if n == 0 {
		return
	}
	if !slices.Contains(Endpoints(), e) {
		panic(fmt.Sprintf("entratest: Fail: there is no endpoint %q", string(e)))
	}
	f.Form.mustKnow()
	f.Header = f.Header.Clone()
	f.Path = rooted(f.Path)
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	if s.faults.planned == nil {
		s.faults.planned = map[Endpoint][]*plannedFault{}
	}
	s.faults.planned[e] = append(s.faults.planned[e], &plannedFault{f, n})
}

// FailToken is Fail for the token endpoint.
func (s *Server) FailToken(n int, f Fault) { s.Fail(TokenEndpoint, n, f) }

// FailAPI is Fail for the API and for what Protect wraps. The fault comes
// before the token is looked at.
func (s *Server) FailAPI(n int, f Fault) { s.Fail(APIEndpoint, n, f) }

// ClearFaults forgets all faults that have not been met. A request that hangs
// already goes on hanging.
func (s *Server) ClearFaults() {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.planned = nil
}

// take returns the first fault that the request meets.
func (f *faults) take(x *exchange) (Fault, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	e := x.rec.Endpoint
	i := slices.IndexFunc(f.planned[e], func(p *plannedFault) bool { return p.fault.meets(x) })
	if i < 0 {
		return Fault{}, false
	}
	p := f.planned[e][i]
	if p.left > 0 {
		p.left--
	}
	if p.left == 0 {
		f.planned[e] = slices.Delete(f.planned[e], i, i+1)
	}
	return p.fault, true
}

func (f Fault) meets(x *exchange) bool {
	return (f.Grant == "" || f.Grant == x.rec.Grant) &&
		below(x.apiPath(), f.Path)
}

// below tells whether path is dir, which is rooted, or lies below it.
func below(path, dir string) bool {
	return path == dir || strings.HasPrefix(path, dir+"/")
}
