package tokensource_test

import (
	"context"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/entratest"
	"github.com/msalcae/msalcae/tokensource"
	"github.com/msalcae/msalcae/wwwauth"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Whatever the service, what its refusal says is a source away from a call.
func TestDiscoverServices(t *testing.T) {
	e := newEntra(t)
	trusted := strings.TrimPrefix(e.Authority(), "https://")
	trusted, _, _ = strings.Cut(trusted, "/")
	for host, c := range map[string]struct {
		audience string
		form     entratest.ChallengeForm
	}{
		"contoso.vault.azure.net":       {"https://vault.azure.net", entratest.KeyVaultForm},
		"contoso.blob.core.windows.net": {"https://storage.azure.com", entratest.StorageForm},
	} {
		protected := e.ProtectResource(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "it") }),
			entratest.Resource{Audiences: []string{c.audience}, Form: c.form})
		at := e.ServeHost(host, protected)
		r, err := tokensource.Discover(testContext(t), e.Client(), at+"/secrets/x?api-version=7.4", trusted)
		require.NoError(t, err, host)
		assert.Equal(t, c.audience+"/.default", r.Scope)
		assert.Equal(t, e.Tenant(), r.Tenant)
		source := e.confidential().App(r.Scope)
		if host == "contoso.vault.azure.net" { // the hosts of storage are those of the authority's cloud
			resp, err := e.api(source).Get(at + "/secrets/x")
			require.NoError(t, err)
			resp.Body.Close()
			assert.Equal(t, 200, resp.StatusCode)
		}
		_, err = tokensource.Discover(testContext(t), e.Client(), at)
		require.ErrorIs(t, err, wwwauth.ErrUnknownAuthority, "nobody has said that it is to be trusted")
		assertNoSecret(t, err, nil)
	}
}

const graphChallenge = `Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", client_id="00000003-0000-0000-c000-000000000000"`

// One bare request: no token, no cookie, no user, and no other origin.
func TestDiscoverAsksBarely(t *testing.T) {
	var asked atomic.Int32
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { t.Errorf("asked %s", r.URL) }))
	defer elsewhere.Close()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		assert.Equal(t, http.MethodGet, r.Method)
		assert.Empty(t, r.Header.Get("Authorization"))
		assert.Empty(t, r.Header.Get("Cookie"))
		switch r.URL.Path {
		case "/here":
			http.Redirect(w, r, "/there", http.StatusFound)
		case "/elsewhere":
			http.Redirect(w, r, elsewhere.URL+"/?secret=1", http.StatusFound)
		case "/open":
		case "/drop":
			panic(http.ErrAbortHandler)
		default:
			w.Header().Set("WWW-Authenticate", graphChallenge)
			w.WriteHeader(401)
			w.(http.Flusher).Flush()
			io.WriteString(w, strings.Repeat("x", 1<<20))
		}
	}))
	defer server.Close()
	jar, _ := cookiejar.New(nil)
	at, _ := url.Parse(server.URL)
	jar.SetCookies(at, []*http.Cookie{{Name: "session", Value: "secret"}})
	client := &http.Client{Jar: jar}
	r, err := tokensource.Discover(t.Context(), client, server.URL+"/here")
	require.NoError(t, err)
	assert.Equal(t, wwwauth.Resource{Authority: "https://login.microsoftonline.com/common", Tenant: "common", ID: "https://graph.microsoft.com", Scope: "https://graph.microsoft.com/.default"}, r)
	_, err = tokensource.Discover(t.Context(), nil, server.URL)
	require.NoError(t, err)
	assert.EqualValues(t, 3, asked.Load())

	for path, says := range map[string]string{"/elsewhere": "redirects elsewhere", "/open": "answered HTTP 200"} {
		_, err = tokensource.Discover(t.Context(), client, server.URL+path)
		require.ErrorIs(t, err, wwwauth.ErrNoAuthority)
		assert.ErrorContains(t, err, says)
	}
	_, err = tokensource.Discover(t.Context(), client, server.URL+"/drop?sig=secret-in-a-query")
	require.ErrorAs(t, err, new(*url.Error))
	assertNoSecret(t, err, map[string]string{"secret-in-a-query": "query"})

	for _, bad := range []string{"", "contoso.test", "https://", "http://contoso.test/", "https://ada:secret@contoso.test", "ftp://contoso.test", "https://contoso.test\x7f"} {
		_, err = tokensource.Discover(t.Context(), nil, bad)
		require.ErrorIs(t, err, msalcae.ErrMisconfigured, bad)
		assertNoSecret(t, err, map[string]string{"secret": "password"})
	}
	source := tokensource.New(func(context.Context, msalcae.TokenRequest) (*msalcae.Token, error) {
		t.Error("a token was asked for")
		return &msalcae.Token{Value: "x", ExpiresOn: time.Now().Add(time.Hour)}, nil
	})
	ours := &msalcae.Transport{Source: source, Hosts: []string{at.Host}}
	for _, client := range []*http.Client{ours.Client(), {Transport: roundTripper(ours.RoundTrip)}} { // known as ours, or not
		_, err = tokensource.Discover(t.Context(), client, server.URL)
		require.ErrorIs(t, err, msalcae.ErrMisconfigured)
		assertNoSecret(t, err, nil)
	}
}

// A silent API holds nobody for long, and the caller's context is theirs.
func TestDiscoverEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		silent := &http.Client{Transport: roundTripper(func(req *http.Request) (*http.Response, error) {
			<-req.Context().Done()
			return nil, req.Context().Err()
		})}
		start := time.Now()
		_, err := tokensource.Discover(t.Context(), silent, "https://contoso.test/")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, 10*time.Second, time.Since(start))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = tokensource.Discover(ctx, silent, "https://contoso.test/")
		assert.Equal(t, context.DeadlineExceeded, err)
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }
