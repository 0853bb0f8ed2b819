package entratest

import (
	"io"
	"net/http"
	"sync"
	"time"
)

// A Fault takes the place of an answer. Its fields are looked at in their
// order; the zero Fault changes nothing.
type Fault struct {
	// Delay is waited before anything else. Alone it makes a slow server: the
	// true answer follows.
	Delay time.Duration `json:"delay,omitempty"`
	// Hang never answers: the request ends when its client gives up or the
	// server is closed.
	Hang bool `json:"hang,omitempty"`
	// Drop ends the connection, of HTTP/2 the stream, without an answer. Go's
	// http.Transport repeats a GET by itself if its connection was a used one.
	Drop bool `json:"drop,omitempty"`

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
// one after another, in the order of the calls.
func (s *Server) Fail(e Endpoint, n int, f Fault) {
	if n == 0 {
		return
	}
	f.Form.mustKnow()
	f.Header = f.Header.Clone()
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

func (f *faults) take(e Endpoint) (Fault, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	queue := f.planned[e]
	if len(queue) == 0 {
		return Fault{}, false
	}
	if queue[0].left > 0 {
		queue[0].left--
	}
	fault := queue[0].fault
	if queue[0].left == 0 {
		f.planned[e] = queue[1:]
	}
	return fault, true
}

// faulty lets the request meet the next fault of its endpoint; true: it has
// been answered.
func (x *exchange) faulty() bool {
	f, ok := x.s.faults.take(x.rec.Endpoint)
	if !ok {
		return false
	}
	if f.Delay > 0 {
		timer := time.NewTimer(f.Delay)
		defer timer.Stop()
		x.until(timer.C)
	}
	if f.Hang {
		// HTTP/1.1 does not see that a client has left before its body is read.
		io.Copy(io.Discard, x.r.Body)
		x.until(nil)
	}
	if f.Drop {
		panic(http.ErrAbortHandler)
	}
	return f.answer(x)
}

// until waits for c, the end of the client's patience, or Close.
func (x *exchange) until(c <-chan time.Time) {
	select {
	case <-c:
		return
	case <-x.r.Context().Done():
	case <-x.s.ctx.Done():
	}
	panic(http.ErrAbortHandler)
}

func (f Fault) answer(x *exchange) bool {
	if f.AADSTS == 0 && f.Challenge == "" && f.Status == 0 && f.Header == nil && f.Body == "" {
		return false
	}
	for name, values := range f.Header {
		for _, v := range values {
			x.Header().Add(name, v)
		}
	}
	if f.AADSTS != 0 && f.Body == "" {
		e := aad(f.AADSTS)
		if f.OAuthError != "" {
			e.code = f.OAuthError
		}
		if f.Suberror != "" {
			e.suberror = f.Suberror
		}
		e.claims, e.status = f.Claims, f.Status
		x.entraHeaders()
		x.fail(e)
		return true
	}
	status := f.Status
	if f.Challenge != "" {
		if f.Form != "" {
			x.form = f.Form
		}
		status = max(status, x.refusalHeaders(refusal{claims: f.Challenge, message: "An error of the test's choice."}))
	}
	if status == 0 {
		status = http.StatusOK
	}
	x.WriteHeader(status)
	io.WriteString(x, f.Body)
	return true
}
