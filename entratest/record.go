package entratest

import (
	"slices"
	"time"

	"github.com/msalcae/msalcae/entratest/internal/logbook"
)

// An Endpoint is a part of the server.
type Endpoint string

// The endpoints that requests are recorded under and faults are set for.
const (
	DiscoveryEndpoint Endpoint = "discovery" // instance discovery, OpenID configuration, keys
	AuthorizeEndpoint Endpoint = "authorize" // where a browser is sent to sign in
	SignInEndpoint    Endpoint = "signin"    // what the sign-in pages and the page for user codes post to
	TokenEndpoint     Endpoint = "token"
	DeviceEndpoint    Endpoint = "devicecode" // where a device gets its codes; it polls the token endpoint
	LogoutEndpoint    Endpoint = "logout"
	IdentityEndpoint  Endpoint = "identity" // the platform's, for managed identities: IMDS, App Service
	APIEndpoint       Endpoint = "api"      // the Graph-like API and what Protect wraps
	UploadEndpoint    Endpoint = "upload"   // pre-authenticated URLs of upload sessions, on a host of their own
	OtherEndpoint     Endpoint = "other"    // paths that no part of the server knows; no faults are set for them
)

// Endpoints returns those that [Server.Fail] takes.
func Endpoints() []Endpoint {
	return []Endpoint{DiscoveryEndpoint, AuthorizeEndpoint, SignInEndpoint, TokenEndpoint, DeviceEndpoint,
		LogoutEndpoint, IdentityEndpoint, APIEndpoint, UploadEndpoint}
}

// Stats counts what the server saw. It is comparable; Sub tells what a part of
// a test has added. Requests are counted when they arrive, answered or not.
type Stats struct {
	DiscoveryRequests int `json:"discovery_requests"` // for instance discovery, OpenID configurations and keys
	TokenRequests     int `json:"token_requests"`     // of every grant, successful or not
	TokenErrors       int `json:"token_errors"`       // token requests that were answered with an error

	CodeRequests              int `json:"code_requests"`               // token requests with a code
	RefreshRequests           int `json:"refresh_requests"`            // with a refresh token
	ClientCredentialsRequests int `json:"client_credentials_requests"` // of applications for themselves
	OnBehalfOfRequests        int `json:"on_behalf_of_requests"`       // with an assertion; refresh tokens count as such
	PasswordRequests          int `json:"password_requests"`           // with a person's name and password
	UserCredentialRequests    int `json:"user_credential_requests"`    // with a federated credential for a person (user_fic)
	IdentityRequests          int `json:"identity_requests"`           // for tokens of managed identities; no token requests
	DevicePolls               int `json:"device_polls"`                // with a device code, pending ones included

	AuthorizeRequests int `json:"authorize_requests"` // requests for the authorize endpoint; a sign-in makes one
	// Prompts counts authorize requests, and user codes entered, for which a
	// person was shown a page. One request counts once, however many pages it takes (a wrong password,
	// a second factor), and not at all if the browser's session sufficed.
	Prompts int `json:"prompts"`
	SignIns int `json:"sign_ins"` // authorization codes handed out and device codes approved, with and without a page

	APICalls   int `json:"api_calls"`  // requests that reached the API, replays and those within a batch included
	Challenges int `json:"challenges"` // API calls answered with 401 and error insufficient_claims

	UploadRequests int `json:"upload_requests"` // requests for the URLs of upload sessions
	// StrayTokens counts requests that had an Authorization header where no
	// token belongs: at the upload host, and at the authority outside of the
	// token endpoint.
	StrayTokens int `json:"stray_tokens"`
}

// Sub returns s less earlier.
func (s Stats) Sub(earlier Stats) Stats {
	s.DiscoveryRequests -= earlier.DiscoveryRequests
	s.TokenRequests -= earlier.TokenRequests
	s.TokenErrors -= earlier.TokenErrors
	s.CodeRequests -= earlier.CodeRequests
	s.RefreshRequests -= earlier.RefreshRequests
	s.ClientCredentialsRequests -= earlier.ClientCredentialsRequests
	s.OnBehalfOfRequests -= earlier.OnBehalfOfRequests
	s.PasswordRequests -= earlier.PasswordRequests
	s.UserCredentialRequests -= earlier.UserCredentialRequests
	s.IdentityRequests -= earlier.IdentityRequests
	s.DevicePolls -= earlier.DevicePolls
	s.AuthorizeRequests -= earlier.AuthorizeRequests
	s.Prompts -= earlier.Prompts
	s.SignIns -= earlier.SignIns
	s.APICalls -= earlier.APICalls
	s.Challenges -= earlier.Challenges
	s.UploadRequests -= earlier.UploadRequests
	s.StrayTokens -= earlier.StrayTokens
	return s
}

// A Request is the record of one request. It holds no token, code, secret or
// password.
type Request struct {
	Time     time.Time `json:"time"`     // of its arrival
	Endpoint Endpoint  `json:"endpoint"` // what it was for
	Method   string    `json:"method"`   // HTTP method
	Path     string    `json:"path"`     // of its URL, without the query

	Grant   string   `json:"grant,omitempty"`   // grant_type, at the token endpoint
	Scopes  []string `json:"scopes,omitempty"`  // as asked for
	Claims  string   `json:"claims,omitempty"`  // the claims parameter as received
	Client  string   `json:"client,omitempty"`  // client id, as given or as the access token has it
	Account string   `json:"account,omitempty"` // user principal name, once it is known; before that login_hint
	Prompt  string   `json:"prompt,omitempty"`  // the prompt parameter, at the authorize endpoint

	Status        int    `json:"status"`                   // HTTP status; 0 if the request was not answered
	Error         string `json:"error,omitempty"`          // OAuth error, if the answer was one
	Suberror      string `json:"suberror,omitempty"`       // Entra's, if it had one
	AADSTS        int    `json:"aadsts,omitempty"`         // Entra's error code, if the answer was an error; else 0
	Challenge     string `json:"challenge,omitempty"`      // the WWW-Authenticate header, if the API sent one
	CorrelationID string `json:"correlation_id,omitempty"` // client-request-id, or one made up

	// TokenSHA256 tells tokens apart: the hash of what came in the
	// Authorization header, without its scheme, in lower-case hex; "": none came.
	TokenSHA256 string `json:"token_sha256,omitempty"`

	// What arrived at the API with POST, PATCH and PUT.
	BodyLength int64  `json:"body_length,omitempty"`
	BodySHA256 string `json:"body_sha256,omitempty"` // lower-case hex
}

// A recorder keeps the records of requests, and counts them.
type recorder struct {
	logbook.Book[Request, counters]
}

// counters are Stats and what Wait goes by.
type counters struct {
	Stats
	perEndpoint map[Endpoint]int
}

// arrive counts a request before it is looked at.
func (r *recorder) arrive(e Endpoint, withToken bool) {
	r.Count(func(c *counters) {
		c.Stats.arrived(e, withToken)
		if c.perEndpoint == nil {
			c.perEndpoint = map[Endpoint]int{}
		}
		c.perEndpoint[e]++
	})
}

// count changes the counters.
func (r *recorder) count(change func(*Stats)) { r.Count(func(c *counters) { change(&c.Stats) }) }

// stats returns the counters, and what place of the records they are of.
func (r *recorder) stats() (st Stats, at logbook.Place) {
	at = r.Read(func(c *counters) { st = c.Stats })
	return st, at
}

// Stats returns the counters.
func (s *Server) Stats() Stats {
	st, _ := s.recorder.stats()
	return st
}

// Log returns the latest requests, at most 10000, in the order in which their
// answers began. A request is in it before its client sees the answer.
func (s *Server) Log() []Request {
	log, _ := s.recorder.Latest()
	return log
}

// Requests returns those of Log that were for the endpoint.
func (s *Server) Requests(e Endpoint) []Request {
	return slices.DeleteFunc(s.Log(), func(r Request) bool { return r.Endpoint != e })
}
