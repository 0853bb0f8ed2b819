package entratest_test

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/msalcae/msalcae/entratest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// An API of one's own, served by one's own server, over plain HTTP.
func TestProtect(t *testing.T) {
	s := newServer(t)
	hello := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "hello "+r.URL.Path) })
	orders := httptest.NewServer(s.Protect(hello, "api://orders"))
	defer orders.Close()
	own := httptest.NewServer(s.Protect(hello))
	defer own.Close()
	token := func(scope string) string {
		form := daemon(s, cp1)
		form.Set("scope", scope)
		a := post(t, s, form)
		require.Equal(t, 200, a.status, "%s", a.body)
		return a.token()
	}
	ask := func(url, token string) answer { return send(t, http.DefaultClient, bearer(t, "GET", url, token, nil)) }

	forOrders, forOwn := token("api://orders/.default"), token("api://"+s.ClientID()+"/.default")
	assert.Equal(t, "hello /x", string(ask(orders.URL+"/x", forOrders).body))
	assert.Equal(t, 200, ask(own.URL, forOwn).status)
	assert.Equal(t, 401, ask(orders.URL, forOwn).status, "another API's token")
	assert.Equal(t, 401, ask(own.URL, forOrders).status)
	s.Revoke(s.ClientID())
	refused := ask(orders.URL, forOrders)
	assert.Equal(t, 401, refused.status)
	assert.Contains(t, challengeOf(t, refused), "nbf")
	assert.Equal(t, 5, s.Stats().APICalls)
	assert.Equal(t, 1, s.Stats().Challenges)
}

// The answers of one's own API are one's own: Graph's headers are on Graph's, and
// on refusals in Graph's form, whose bodies repeat them.
func TestProtectedAnswersAreTheHandlers(t *testing.T) {
	s := newServer(t)
	const names = "Cache-Control, Client-Request-Id, Request-Id, Strict-Transport-Security, X-Ms-Ags-Diagnostic"
	own := httptest.NewServer(s.Protect(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		assert.Empty(t, w.Header().Get("Request-Id"), "nothing that the handler would have to take back")
		w.Header().Set("X-Own", "own")
	}), "api://own"))
	defer own.Close()
	s.SetClockSkew(-time.Hour, -time.Hour)
	form := daemon(s, cp1)
	form.Set("scope", "api://own/.default")
	token := post(t, s, form).token()
	of := func(a answer) (all []string) {
		for name := range a.header {
			if strings.Contains(names, name) {
				all = append(all, name)
			}
		}
		return all
	}
	good := send(t, http.DefaultClient, bearer(t, "GET", own.URL, token, nil))
	require.Equal(t, 200, good.status, "%s", good.body)
	assert.Empty(t, of(good))
	assert.Equal(t, "own", good.header.Get("X-Own"))
	date, err := http.ParseTime(good.header.Get("Date"))
	require.NoError(t, err)
	assert.WithinDuration(t, time.Now().Add(-time.Hour), date, time.Minute, "the API's clock is the server's")

	refused := send(t, http.DefaultClient, bearer(t, "GET", own.URL, "none", nil))
	assert.ElementsMatch(t, []string{"Request-Id", "Client-Request-Id"}, of(refused))
	assert.Contains(t, string(refused.body), refused.header.Get("Request-Id"))
	assert.Len(t, of(call(t, s, post(t, s, daemon(s, cp1)).token(), "GET", "/me", "")), 4)
}

// What a handler behind Protect may do with its ResponseWriter, and how a
// client of one's own trusts the server.
func TestProtectedHandlersMayStream(t *testing.T) {
	s := newServer(t)
	gate := make(chan struct{})
	own := httptest.NewServer(s.Protect(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		assert.NoError(t, http.NewResponseController(w).SetWriteDeadline(time.Now().Add(time.Minute)))
		io.WriteString(w, "first ")
		w.(http.Flusher).Flush()
		<-gate
		io.WriteString(w, "second")
	}), "api://stream"))
	defer own.Close()
	form := daemon(s, cp1)
	form.Set("scope", "api://stream/.default")
	resp, err := http.DefaultClient.Do(bearer(t, "GET", own.URL, post(t, s, form).token(), nil))
	require.NoError(t, err)
	defer resp.Body.Close()
	close(gate)
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	assert.Equal(t, "first second", string(body))

	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, DisableKeepAlives: true}}
	resp, err = client.Get(s.Authority() + "/v2.0/.well-known/openid-configuration")
	require.NoError(t, err)
	resp.Body.Close()
	assert.Equal(t, 200, resp.StatusCode)
	_, err = http.Get(s.Authority())
	assert.ErrorAs(t, err, new(*tls.CertificateVerificationError), "nobody trusts it by accident")
}

// forOrders is a token for an API named api://orders.
func forOrders(t *testing.T, s *entratest.Server) string {
	t.Helper()
	form := daemon(s, cp1)
	form.Set("scope", "api://orders/.default")
	return post(t, s, form).token()
}

// A handler that writes nothing has answered 200.
func TestSilentHandlersAreRecorded(t *testing.T) {
	s := newServer(t)
	own := httptest.NewServer(s.Protect(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), "api://orders"))
	defer own.Close()
	assert.Equal(t, 200, send(t, http.DefaultClient, bearer(t, "GET", own.URL, forOrders(t, s), nil)).status)
	assert.Equal(t, 200, s.Requests(entratest.APIEndpoint)[0].Status)
}

// The wildcards of a test's own ServeMux are nothing to the server.
func TestPathsOfOnesOwnAreWhole(t *testing.T) {
	s := newServer(t)
	mux := http.NewServeMux()
	mux.Handle("GET /{version}/orders", s.Protect(http.NotFoundHandler(), "api://orders"))
	own := httptest.NewServer(mux)
	defer own.Close()
	token := forOrders(t, s)
	s.RequireAuthContextAt("/v2/orders", "c1")
	assert.Contains(t, challengeOf(t, send(t, http.DefaultClient, bearer(t, "GET", own.URL+"/v2/orders", token, nil))), "acrs")
}
