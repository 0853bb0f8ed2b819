package clienttest

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/msalcae/msalcae/entratest"
	"github.com/stretchr/testify/require"
)

// A wire carries what a client sends to the server, and keeps what it asked
// for tokens.
type wire struct {
	client *http.Client
	mu     sync.Mutex
	asked  []sent
}

// A sent request is one for a token, or for a device code.
type sent struct {
	path   string
	header http.Header
	form   url.Values // of the body, or of the query of a GET
}

func newWire(s *entratest.Server) *wire { return &wire{client: s.Client()} }

// Do implements policy.Transporter.
func (w *wire) Do(req *http.Request) (*http.Response, error) {
	form := req.URL.Query()
	if req.Body != nil {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			return nil, err
		}
		_ = req.Body.Close()
		req.Body = io.NopCloser(bytes.NewReader(body))
		if form, err = url.ParseQuery(string(body)); err != nil {
			return nil, err
		}
	}
	if end := req.URL.Path[strings.LastIndex(req.URL.Path, "/")+1:]; end == "token" || end == "devicecode" {
		w.mu.Lock()
		w.asked = append(w.asked, sent{req.URL.Path, req.Header.Clone(), form})
		w.mu.Unlock()
	}
	return w.client.Do(req)
}

// last returns the latest request with the grant type; "devicecode" is the
// request for a device code, and "" one of a platform.
func (w *wire) last(t *testing.T, grant string) sent {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, r := range slices.Backward(w.asked) {
		if r.form.Get("grant_type") == grant && !strings.HasSuffix(r.path, "devicecode") ||
			grant == "devicecode" && strings.HasSuffix(r.path, "devicecode") {
			return r
		}
	}
	t.Fatalf("nothing was asked for with %q", grant)
	return sent{}
}

// requireMembers demands that the request has these parameters and no others,
// each once.
func (r sent) requireMembers(t *testing.T, names ...string) {
	t.Helper()
	slices.Sort(names)
	require.Equal(t, names, slices.Sorted(maps.Keys(r.form)))
	for name, values := range r.form {
		require.Len(t, values, 1, name)
	}
}

// requireMSAL demands what MSAL Go sends at the token endpoint whatever the
// grant: its headers, and scopes with those of OpenID Connect appended.
func (r sent) requireMSAL(t *testing.T, client, scope string) {
	t.Helper()
	require.Equal(t, client, r.form.Get("client_id"))
	require.ElementsMatch(t, []string{scope, "openid", "offline_access", "profile"}, strings.Fields(r.form.Get("scope")))
	require.Equal(t, "MSAL.Go", r.header.Get("X-Client-Sku"))
	require.Regexp(t, `^[0-9a-f-]{36}$`, r.header.Get("Client-Request-Id"))
	require.Equal(t, "false", r.header.Get("Return-Client-Request-Id"))
}
