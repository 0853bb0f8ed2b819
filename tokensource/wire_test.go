package tokensource

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/internal/inflight"
	"github.com/msalcae/msalcae/tokensource/internal/wiretest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type rt = wiretest.RoundTripper

const testAuthority = wiretest.Authority

var (
	reply         = wiretest.Reply
	discoveryOf   = wiretest.Discovery
	goodDiscovery = wiretest.GoodDiscovery
)

// appOver is the source of a confidential client over a transport.
func appOver(t testing.TB, transport http.RoundTripper) *Source {
	t.Helper()
	return clientOver(t, transport).App("api://x/.default")
}

// acquirerOver is how appOver's source obtains its tokens.
func acquirerOver(t testing.TB, transport http.RoundTripper) Acquirer {
	t.Helper()
	return clientOver(t, transport).appAcquirer([]string{"api://x/.default"})
}

func clientOver(t testing.TB, transport http.RoundTripper) *Confidential {
	t.Helper()
	cred, err := confidential.NewCredFromSecret("the-client-secret")
	require.NoError(t, err)
	c, err := NewConfidential(ConfidentialConfig{Authority: testAuthority, ClientID: "id", Credential: cred, HTTPClient: &http.Client{Transport: transport}})
	require.NoError(t, err)
	return c
}

const goodToken = `{"token_type":"Bearer","expires_in":3600,"access_token":"a-token"}`

// The document of the authority's own host must not lead credentials elsewhere.
func TestEndpointsElsewhereAreRefused(t *testing.T) {
	for name, doc := range map[string]string{
		"token endpoint":     discoveryOf(testAuthority+"/authorize", "https://evil.test/token"),
		"authorize endpoint": discoveryOf("https://evil.test/authorize", testAuthority+"/token"),
		"plain http":         discoveryOf(testAuthority+"/authorize", "http://login.contoso.test/tenant/token"),
		"another port":       discoveryOf(testAuthority+"/authorize", "https://login.contoso.test:8443/token"),
		// What one JSON reader sees and another does not.
		"second spelling": `{"issuer":"https://login.contoso.test/x","authorization_endpoint":"` + testAuthority + `/a","token_endpoint":"https://evil.test/token","TOKEN_ENDPOINT":"` + testAuthority + `/token"}`,
	} {
		t.Run(name, func(t *testing.T) {
			var posts atomic.Int32
			source := appOver(t, rt(func(req *http.Request) (*http.Response, error) {
				if req.Method == http.MethodPost {
					posts.Add(1)
				}
				return reply(req, 200, doc), nil
			}))
			_, err := source.Token(context.Background(), msalcae.TokenRequest{})
			require.ErrorIs(t, err, msalcae.ErrMisconfigured)
			assert.ErrorContains(t, err, "nothing was sent there")
			assert.Zero(t, posts.Load())
		})
	}
}

// Microsoft's own hosts may stand for each other.
func TestEndpointsAtMicrosoftAreAccepted(t *testing.T) {
	source := appOver(t, rt(func(req *http.Request) (*http.Response, error) {
		if req.Method == http.MethodGet {
			return reply(req, 200, discoveryOf("https://login.microsoftonline.com/t/authorize", "https://login.microsoftonline.com/t/token")), nil
		}
		return reply(req, 200, goodToken), nil
	}))
	tok, err := source.Token(context.Background(), msalcae.TokenRequest{})
	require.NoError(t, err)
	assert.Equal(t, "a-token", tok.Value)
}

func TestDiscoveryRedirects(t *testing.T) {
	for location, ok := range map[string]bool{
		"/elsewhere/openid-configuration":                              true,
		"https://login.contoso.test/elsewhere/openid-configuration":    true,
		"https://evil.test/.well-known/openid-configuration":           false,
		"http://login.contoso.test/elsewhere/openid-configuration":     false,
		"https://login.contoso.test:8443/elsewhere":                    false,
		"https://login.microsoftonline.com/x/.well-known/openid-conf.": false,
	} {
		source := appOver(t, rt(func(req *http.Request) (*http.Response, error) {
			switch {
			case req.URL.Host != "login.contoso.test" || req.URL.Scheme != "https":
				t.Errorf("asked %s", req.URL)
				return nil, io.ErrUnexpectedEOF
			case req.Method == http.MethodPost:
				return reply(req, 200, goodToken), nil
			case strings.HasPrefix(req.URL.Path, "/elsewhere"):
				return reply(req, 200, goodDiscovery), nil
			}
			return reply(req, http.StatusFound, "", "Location", location), nil
		}))
		_, err := source.Token(context.Background(), msalcae.TokenRequest{})
		if ok {
			assert.NoError(t, err, location)
			continue
		}
		require.ErrorContains(t, err, "redirect", location)
	}
}

// A client of ours under MSAL would wait for itself.
func TestOurTransportUnderMSAL(t *testing.T) {
	var source *Source
	ours := &msalcae.Transport{Source: tokenFunc(func(ctx context.Context, req msalcae.TokenRequest) (*msalcae.Token, error) {
		return source.Token(ctx, req)
	}), Hosts: []string{"login.contoso.test"}}
	cred, err := confidential.NewCredFromSecret("x")
	require.NoError(t, err)
	cfg := ConfidentialConfig{Authority: testAuthority, ClientID: "id", Credential: cred, HTTPClient: ours.Client()}
	_, err = NewConfidential(cfg)
	require.ErrorIs(t, err, msalcae.ErrMisconfigured)
	assert.ErrorContains(t, err, "HTTPClient")

	// Hidden in another transport it is noticed when it is used.
	cfg.HTTPClient = &http.Client{Transport: rt(ours.RoundTrip)}
	c, err := NewConfidential(cfg)
	require.NoError(t, err)
	source = c.App("api://x/.default")
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_, err = source.Token(ctx, msalcae.TokenRequest{})
	require.ErrorIs(t, err, msalcae.ErrMisconfigured)
}

type tokenFunc func(context.Context, msalcae.TokenRequest) (*msalcae.Token, error)

func (f tokenFunc) Token(ctx context.Context, req msalcae.TokenRequest) (*msalcae.Token, error) {
	return f(ctx, req)
}

// What is below MSAL can tell a token request from others, whoever made it.
func TestRequestsAreMarked(t *testing.T) {
	acquire := acquirerOver(t, rt(func(req *http.Request) (*http.Response, error) {
		assert.True(t, inflight.Marked(req.Context()), "%s %s", req.Method, req.URL)
		if req.Method == http.MethodGet {
			return reply(req, 200, goodDiscovery), nil
		}
		return reply(req, 200, goodToken), nil
	}))
	_, err := acquire(context.Background(), msalcae.TokenRequest{})
	require.NoError(t, err)
}

func TestPanicBelowMSAL(t *testing.T) {
	source := appOver(t, rt(func(*http.Request) (*http.Response, error) { panic("the-client-secret") }))
	_, err := source.Token(context.Background(), msalcae.TokenRequest{})
	require.ErrorContains(t, err, "panicked")
	assert.NotContains(t, err.Error(), "the-client-secret")
}

// Not even within the origin: a POST with credentials is made once.
func TestPostsFollowNoRedirect(t *testing.T) {
	for _, status := range []int{301, 302, 303, 307, 308} {
		posts := 0
		source := appOver(t, rt(func(req *http.Request) (*http.Response, error) {
			switch {
			case req.Method == http.MethodPost:
				posts++
				return reply(req, status, "", "Location", "/elsewhere"), nil
			case req.URL.Path == "/elsewhere":
				t.Errorf("%d was followed", status)
			}
			return reply(req, 200, goodDiscovery), nil
		}))
		_, err := source.Token(context.Background(), msalcae.TokenRequest{})
		require.ErrorContains(t, err, "redirect")
		assert.Equal(t, 1, posts)
	}
}

func TestCloseIdleConnections(t *testing.T) {
	var closed atomic.Bool
	cred, err := confidential.NewCredFromSecret("x")
	require.NoError(t, err)
	c, err := NewConfidential(ConfidentialConfig{Authority: testAuthority, ClientID: "id", Credential: cred, HTTPClient: &http.Client{Transport: closer{&closed}}})
	require.NoError(t, err)
	c.CloseIdleConnections()
	assert.True(t, closed.Load())
	WrapConfidential(confidential.Client{}).CloseIdleConnections()
}

type closer struct{ closed *atomic.Bool }

func (c closer) RoundTrip(*http.Request) (*http.Response, error) { return nil, errors.New("closed") }
func (c closer) CloseIdleConnections()                           { c.closed.Store(true) }
