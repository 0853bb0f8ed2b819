package entratest

import (
	"cmp"
	"context"
	"crypto/x509"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/msalcae/msalcae/entratest/internal/site"
)

// The directory that a new server begins with; Config may name another tenant.
const (
	tenantID     = "11111111-2222-3333-4444-555555555555"
	tenantDomain = "contoso.test"

	clientID       = "99999999-0000-4000-8000-000000000001"
	clientSecret   = "entratest-client-secret"
	publicClientID = "99999999-0000-4000-8000-000000000002"

	memoryDomain = "entra.test" // of the hosts of a server in memory

	username = "ada@" + tenantDomain
	password = "entratest-ada-password"
)

// Input larger than this is refused.
const (
	maxFormBytes  = 256 << 10
	maxParamBytes = 16 << 10 // one parameter, the claims for example
)

// A Server is a running local Entra ID with an API. All methods may be called
// at any time by any goroutine; after Close the server answers no more, but
// what it has counted and recorded can still be read.
type Server struct {
	network    site.Network
	web, graph *site.Site
	files      *site.Site // upload sessions, and what ServeHost serves
	metadata   *site.Site // managed identities
	hosts      hosts
	transport  *http.Transport
	tenantID   string
	ctx        context.Context // ends with Close
	stop       context.CancelFunc
	closing    sync.Once
	handlers   site.Running

	keys     rotation
	verifier verifier
	recorder recorder
	clocks   clocks
	faults   faults
	tenants  tenants

	mu  sync.Mutex // guards what follows; never held across I/O
	seq uint64     // counts tokens, sessions and events: tells what came before what
	// born is the place of the last Reset: what was issued before is unknown.
	born uint64
	directory
	certified bool // the confidential client has a certificate
	policy    policy
	rand      *rand.Rand // of token lifetimes
}

// NewServer starts a server on loopback, with TLS. It panics if it cannot
// listen, as httptest.NewServer does.
func NewServer() *Server {
	s, err := Start(Config{})
	must(err)
	return s
}

// NewMemoryServer starts a server that listens nowhere: its Client, and the
// browser of SignIn, reach it in memory, by HTTP over TLS as ever. It is for
// tests in a [testing/synctest] bubble, whose clock it then goes by: a token
// expires, a Fault delays and an idle connection ends in the bubble's time.
// Make it, use it and Close it inside one bubble.
//
// Authority and API have names that no other client can resolve. Client reaches
// the server under these and under Microsoft's, what is on loopback addresses,
// and nothing else. Flows without a browser are what it is for: the loopback
// listener of a client that waits for one is a socket, and the clock of a bubble
// stands still while anything waits for a socket.
func NewMemoryServer() *Server {
	s, err := start(site.NewMemory(), Config{})
	must(err)
	return s
}

// A Config says what NewServer decides by itself: its zero value makes the
// same server.
type Config struct {
	// AuthorityPort, APIPort and UploadPort are ports of 127.0.0.1; 0 is any
	// free one. The last is that of upload sessions, which Graph has on a host
	// of their own.
	AuthorityPort, APIPort, UploadPort int
	// IdentityPort is that of managed identities, see IMDS and AppService.
	IdentityPort int
	// Tenant is the tenant's id, a GUID; "" is 11111111-2222-3333-4444-555555555555.
	// Its domain is contoso.test in any case.
	Tenant string
}

// Start is NewServer with a choice, and an error where NewServer panics: when a
// port is taken, for example.
func Start(c Config) (*Server, error) { return start(site.NewLoopback(), c) }

func start(n site.Network, c Config) (*Server, error) {
	tenant := strings.ToLower(cmp.Or(c.Tenant, tenantID))
	if !isGUID(tenant) {
		return nil, fmt.Errorf("entratest: the tenant's id must be a GUID, which %q is not", c.Tenant)
	}
	sites, err := listenAll(n, c)
	if err != nil {
		return nil, err
	}
	s := &Server{network: n, web: sites[0], graph: sites[1], files: sites[2], metadata: sites[3], tenantID: tenant, rand: newRand(1)}
	s.ctx, s.stop = context.WithCancel(context.Background())
	s.verifier.keys = s.key
	s.tenants.reset(s.tenantID)
	s.directory = newDirectory(s.graph, s.tenantID)
	s.transport = s.newTransport()
	s.web.Serve(s.ctx, sharedIdentity(), s.authority())
	s.graph.Serve(s.ctx, sharedIdentity(), s.graphAPI())
	s.files.Serve(s.ctx, sharedIdentity(), s.otherHosts())
	s.metadata.Serve(s.ctx, sharedIdentity(), s.metadataService())
	return s, nil
}

// Close stops the server: it cuts what is being answered and returns when all
// its goroutines have ended. Handlers that Protect wraps elsewhere are not its
// own and go on. Calling it again does nothing.
func (s *Server) Close() {
	s.closing.Do(func() {
		s.stop()
		s.web.Close()
		s.graph.Close()
		s.files.Close()
		s.metadata.Close()
		s.transport.CloseIdleConnections()
		s.handlers.Wait()
	})
}

// Client returns a client that trusts the server's certificate. Its transport,
// an [*http.Transport] shared by all calls of Client, sends requests for
// login.microsoftonline.com, the sovereign clouds' login hosts and their Graph
// hosts to this server, under their real names and never elsewhere, and those
// for the instance metadata service (169.254.169.254): a program with production
// URLs in it can be tested unchanged. Other hosts are dialled as usual (see
// NewMemoryServer for those of a server in memory); add certificates to its
// TLSClientConfig.RootCAs before first use to trust them.
func (s *Server) Client() *http.Client { return &http.Client{Transport: s.transport} }

// Certificate returns the certificate authority that signed the server's
// certificate. It is one for all servers of a process.
func (s *Server) Certificate() *x509.Certificate { return sharedIdentity().CA }

// Authority returns the tenant's authority: https://127.0.0.1:port/tenant, or of
// a server in memory https://login.entra.test/tenant. Known to no MSAL, it needs instance discovery turned off, or an HTTP client
// that reroutes Microsoft's hosts, as Client does.
func (s *Server) Authority() string { return s.web.Origin() + "/" + s.tenantID }

// Tenant returns the tenant's id.
func (s *Server) Tenant() string { return s.tenantID }

// API returns the base URL of the Graph-like API: API()+"/me" is the user.
func (s *Server) API() string { return s.graph.Origin() + "/v1.0" }

// Scope asks for everything that was granted on the API: its origin followed
// by "/.default".
func (s *Server) Scope() string { return s.graph.Origin() + "/.default" }

// ClientID returns the id of the confidential client.
func (s *Server) ClientID() string { return clientID }

// ClientSecret returns the confidential client's secret.
func (s *Server) ClientSecret() string { return clientSecret }

// PublicClientID returns the id of the public client, whose redirect URIs are
// http://localhost and http://127.0.0.1 with any port and path.
func (s *Server) PublicClientID() string { return publicClientID }

// Username returns the user principal name of the user who signs in by
// default.
func (s *Server) Username() string { return username }

// Password returns the password of the user named by Username.
func (s *Server) Password() string { return password }

// next returns the next place in the order of events. s.mu is held.
func (s *Server) next() uint64 {
	s.seq++
	return s.seq
}

// SetTokenLifetime makes every access token from now on live for d. Zero, the
// initial value, restores Entra's: 60 to 90 minutes, or 20 to 28 hours for a
// client with capability cp1 at an API that takes part in Continuous Access
// Evaluation.
func (s *Server) SetTokenLifetime(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.policy.lifetime = d
}

// SetSeed begins the sequence of random token lifetimes anew. The initial seed
// is 1.
func (s *Server) SetSeed(seed uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rand = newRand(seed)
}

func newRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, seed)) }
