package entratest_test

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

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
