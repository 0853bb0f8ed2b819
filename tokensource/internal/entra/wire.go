package entra

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/internal/inflight"
	"golang.org/x/sync/singleflight"
)

const (
	// attemptLimit bounds one exchange with Entra, its body included. MSAL
	// sets such a limit only for contexts that have no deadline.
	attemptLimit = 30 * time.Second
	// maxBody bounds an answer; MSAL reads all there is.
	maxBody = 1 << 20
	// wellKnown ends the path of a discovery document.
	wellKnown = "/.well-known/openid-configuration"
	// maxDiscovery bounds the discovery documents kept, one for a tenant.
	maxDiscovery = 1000
)

var errTooLarge = errors.New("the answer is larger than 1 MiB")

// A Wire is the HTTP client under an MSAL client that we build. MSAL takes
// what it is given: it sends credentials wherever a discovery document or a
// redirect points, reads bodies of any size and waits for as long as the
// context lets it. A Wire does not.
type Wire struct {
	client    *http.Client
	authority Authority

	fetches   singleflight.Group
	mu        sync.Mutex
	documents map[string]*document
	// devices are the device authorization endpoints (RFC 8628 section 3.1)
	// that MSAL gets wrong, by what it makes of them.
	devices map[string]*url.URL
}

// A document is an answer to a discovery request.
type document struct {
	status int
	header http.Header
	body   []byte
}

// NewWire wraps given, or a client of its own with net/http's defaults (HTTP/2,
// the environment's proxy) if that is nil.
func NewWire(config string, given *http.Client, a Authority) (*Wire, error) {
	client := &http.Client{}
	if given != nil {
		*client = *given
		if _, ours := given.Transport.(*msalcae.Transport); ours {
			return nil, fmt.Errorf("%w: %s.HTTPClient is a client of msalcae's own, which would wait for the token it is asked to fetch; give it a plain one", msalcae.ErrMisconfigured, config)
		}
	} else if t, ok := http.DefaultTransport.(*http.Transport); ok {
		client.Transport = t.Clone()
	} else {
		client.Transport = &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, IdleConnTimeout: 90 * time.Second}
	}
	client.CheckRedirect = SameOriginReads
	return &Wire{client: client, authority: a, documents: map[string]*document{}, devices: map[string]*url.URL{}}, nil
}

// SameOriginReads follows redirects of GETs within one origin. Any other is
// returned as it is, and MSAL makes an error of it.
func SameOriginReads(req *http.Request, via []*http.Request) error {
	first := via[0]
	if first.Method != http.MethodGet || req.URL.Scheme != first.URL.Scheme || req.URL.Host != first.URL.Host || len(via) > 5 {
		return http.ErrUseLastResponse
	}
	return nil
}

// Do implements MSAL's HTTPClient.
func (w *Wire) Do(req *http.Request) (*http.Response, error) {
	if at := w.deviceEndpoint(req); at != nil {
		req = req.Clone(req.Context())
		req.URL, req.Host = at, at.Host
	}
	if !w.authority.trusts(req.URL) {
		return nil, &msalcae.Error{Err: fmt.Errorf("%w: the discovery document of %s points to %s, which is neither its own host nor Microsoft's; nothing was sent there", msalcae.ErrMisconfigured, w.authority.Host, req.URL.Host)}
	}
	if req.Method == http.MethodGet && (strings.HasSuffix(req.URL.Path, wellKnown) || strings.HasSuffix(req.URL.Path, "/discovery/instance")) {
		return w.discover(req)
	}
	if p := paceOf(req.Context()); p != nil && req.Method == http.MethodPost {
		return w.poll(p, req)
	}
	return w.send(req)
}

// CloseIdleConnections implements MSAL's HTTPClient.
func (w *Wire) CloseIdleConnections() { w.client.CloseIdleConnections() }

func (w *Wire) send(req *http.Request) (*http.Response, error) {
	ctx, cancel := limited(inflight.Mark(req.Context()))
	resp, err := w.client.Do(req.WithContext(ctx))
	if err != nil {
		cancel()
		return nil, err
	}
	resp.Body = &boundedBody{body: resp.Body, left: maxBody, cancel: cancel}
	return resp, nil
}

// limited returns ctx with an end within attemptLimit, which a token request of
// ours has already.
func limited(ctx context.Context) (context.Context, context.CancelFunc) {
	if end, ok := ctx.Deadline(); ok && time.Until(end) <= attemptLimit {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, attemptLimit)
}

// discover answers from the documents kept, or fetches on a context of its
// own: the document is the client's, and a caller who leaves spoils it for
// nobody else.
func (w *Wire) discover(req *http.Request) (*http.Response, error) {
	key := strings.TrimSuffix(req.URL.String(), "?") // MSAL's queries are empty
	if d := w.document(key); d != nil {
		return d.response(req), nil
	}
	fetched := w.fetches.DoChan(key, func() (any, error) {
		return Guard(InMSAL, func() (*document, error) { return w.fetch(key, req) })
	})
	select {
	case <-req.Context().Done():
		return nil, &url.Error{Op: "Get", URL: key, Err: req.Context().Err()}
	case r := <-fetched:
		if r.Err != nil {
			return nil, r.Err
		}
		return r.Val.(*document).response(req), nil
	}
}

func (w *Wire) fetch(key string, req *http.Request) (*document, error) {
	resp, err := w.send(req.Clone(context.Background()))
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, &url.Error{Op: "Get", URL: key, Err: err}
	}
	d := &document{resp.StatusCode, resp.Header, body}
	if d.status != http.StatusOK {
		return d, nil
	}
	named, err := w.vet(body)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.documents) >= maxDiscovery {
		clear(w.documents)
		clear(w.devices)
	}
	if guess := strings.ReplaceAll(named.Token, "token", "devicecode"); named.Device != "" && guess != named.Device && guess != named.Token {
		w.devices[guess], _ = url.Parse(named.Device)
	}
	w.documents[key] = d
	return d, nil
}

// endpoints are what a discovery document names (OpenID Connect Discovery 1.0
// section 3, RFC 8628 section 4).
type endpoints struct {
	Authorize string `json:"authorization_endpoint"`
	Token     string `json:"token_endpoint"`
	Device    string `json:"device_authorization_endpoint"`
}

// vet refuses a document that names an endpoint on a host that has no business
// with the authority: credentials would go to one, people to the other.
func (w *Wire) vet(body []byte) (named endpoints, err error) {
	_ = json.Unmarshal(body, &named) // what cannot be read MSAL refuses
	for _, endpoint := range []string{named.Authorize, named.Token, named.Device} {
		if u, err := url.Parse(endpoint); endpoint != "" && (err != nil || !w.authority.trusts(u)) {
			return endpoints{}, &msalcae.Error{Err: fmt.Errorf("%w: the discovery document of %s names an endpoint that is neither on its own host nor on Microsoft's; nothing was sent there", msalcae.ErrMisconfigured, w.authority.Host)}
		}
	}
	return named, nil
}

// deviceEndpoint returns where a request for a device code really goes, nil if
// it goes there. MSAL takes the token endpoint and replaces "token" by
// "devicecode" wherever it stands.
func (w *Wire) deviceEndpoint(req *http.Request) *url.URL {
	if req.Method != http.MethodPost {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.devices[req.URL.String()]
}

func (w *Wire) document(key string) *document {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.documents[key]
}

func (d *document) response(req *http.Request) *http.Response {
	return &http.Response{
		Status: fmt.Sprintf("%d %s", d.status, http.StatusText(d.status)), StatusCode: d.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: d.header.Clone(), Body: io.NopCloser(bytes.NewReader(d.body)), ContentLength: int64(len(d.body)), Request: req,
	}
}

// A boundedBody ends its request's time limit when it is closed, and fails
// beyond its bound.
type boundedBody struct {
	body   io.ReadCloser
	left   int64
	cancel context.CancelFunc
}

func (b *boundedBody) Read(p []byte) (int, error) {
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.body.Read(p)
	if int64(n) > b.left {
		return int(b.left), &msalcae.Error{Err: errTooLarge}
	}
	b.left -= int64(n)
	if err != nil && err != io.EOF {
		err = &brokenOff{err}
	}
	return n, err
}

func (b *boundedBody) Close() error {
	defer b.cancel()
	return b.body.Close()
}
