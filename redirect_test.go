package msalcae_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/msalcae/msalcae"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Redirects over real sockets: what arrives at the second server.
func TestHostsRedirects(t *testing.T) {
	for name, c := range map[string]struct {
		first, second func(*httptest.Server)
		listed        bool   // the second server is in the list
		want          string // token at the second server
	}{
		"same host":                   {first: overTLS, want: "t1"},
		"same host, h2":               {first: overHTTP2, want: "t1"},
		"listed host":                 {first: overTLS, second: overTLS, listed: true, want: "t1"},
		"unlisted host":               {first: overTLS, second: overTLS},
		"downgrade to http":           {first: overTLS, second: overHTTP, listed: true},
		"http on loopback throughout": {first: overHTTP, second: overHTTP, listed: true, want: "t1"},
		"http to https":               {first: overHTTP, second: overTLS, listed: true, want: "t1"},
	} {
		t.Run(name, func(t *testing.T) {
			first := newAPI(t, c.first)
			target := first
			if c.second != nil {
				target = newAPI(t, c.second)
			}
			first.handle = func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/start" {
					http.Redirect(w, r, target.URL+"/end", http.StatusTemporaryRedirect)
				}
			}
			tr := first.transport(&tokens{})
			tr.Base = trusting(first, target)
			if c.listed {
				tr.Hosts = append(tr.Hosts, target.host())
			}
			var skipped []string
			tr.Trace = &msalcae.Trace{HostSkipped: func(_ context.Context, info msalcae.HostSkippedInfo) {
				skipped = append(skipped, info.Host)
			}}
			resp, err := tr.Client().Post(first.URL+"/start", "text/plain", strings.NewReader("hello"))
			require.NoError(t, err)
			resp.Body.Close()
			last := target.seen()[len(target.seen())-1]
			assert.Equal(t, "/end", last.URL.Path)
			assert.Equal(t, c.want, last.token)
			assert.Equal(t, "hello", last.body)
			if c.want == "" {
				assert.Equal(t, []string{target.host()}, skipped)
			} else {
				assert.Empty(t, skipped)
			}
		})
	}
}

// After a redirect has left https, no http hop is trusted again, not even one
// that follows another http hop.
func TestHostsDowngradeSticks(t *testing.T) {
	secure, plain := newAPI(t, overTLS), newAPI(t, overHTTP)
	secure.handle = func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, plain.URL+"/1", http.StatusFound)
	}
	plain.handle = func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/1" {
			http.Redirect(w, r, "/2", http.StatusFound)
		}
	}
	tr := secure.transport(&tokens{})
	tr.Hosts = append(tr.Hosts, plain.host())
	resp, err := tr.Client().Get(secure.URL)
	require.NoError(t, err)
	resp.Body.Close()
	require.Len(t, plain.seen(), 2)
	for _, c := range plain.seen() {
		assert.Empty(t, c.token)
	}
}

// A redirect to plain http that is not on this machine goes out without a
// token; the same URL on the first hop is refused.
func TestHostsRedirectToPlainHTTP(t *testing.T) {
	first := request(t, "GET", "https://graph.microsoft.com/", nil)
	req := request(t, "GET", "http://graph.microsoft.com/", nil)
	req.Response = &http.Response{Request: first}
	got, err := outcome(t, []string{"graph.microsoft.com"}, req)
	require.NoError(t, err)
	assert.Equal(t, "skipped", got)
}

// Graph answers an upload with a pre-signed URL on another host, where a token
// would be refused. One client serves both, and the redirect is challenged and
// followed in one call.
func TestHostsPresignedUpload(t *testing.T) {
	storage, graph := newAPI(t, overTLS), newAPI(t, overTLS, "t1")
	graph.handle = func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, storage.URL+"/upload?sig=abc", http.StatusTemporaryRedirect)
	}
	tr := graph.transport(&tokens{})
	tr.Base = trusting(graph, storage)
	req, err := http.NewRequest("PUT", graph.URL+"/content", strings.NewReader("hello"))
	require.NoError(t, err)
	resp, err := tr.Client().Do(req)
	require.NoError(t, err)
	resp.Body.Close()
	require.Len(t, storage.seen(), 1)
	assert.Equal(t, "hello", storage.seen()[0].body)
	assert.Empty(t, storage.seen()[0].Header.Values("Authorization"))
	require.Len(t, graph.seen(), 2)
	assert.Equal(t, "t2", graph.seen()[1].token)
}

// trusting is a transport that trusts the certificates of both servers; all
// test servers of net/http/httptest share one.
func trusting(servers ...*api) http.RoundTripper {
	for _, s := range servers {
		if u, err := url.Parse(s.URL); err == nil && u.Scheme == "https" {
			return s.Client().Transport
		}
	}
	return servers[0].Client().Transport
}
