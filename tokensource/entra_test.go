package tokensource_test

import (
	"context"
	"io"
	"net/http"
	"runtime/pprof"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/entratest"
	"github.com/msalcae/msalcae/tokensource"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// An entra is a local Entra ID, and clients of it.
type entra struct {
	*entratest.Server
	t         testing.TB
	transport http.RoundTripper // under the clients; nil: the server's
}

func (e entra) http() *http.Client {
	if e.transport != nil {
		return &http.Client{Transport: e.transport}
	}
	return e.Client()
}

func newEntra(t testing.TB) entra {
	t.Helper()
	s := entratest.NewServer()
	t.Cleanup(s.Close)
	return entra{Server: s, t: t}
}

func (e entra) confidential() *tokensource.Confidential {
	e.t.Helper()
	cred, err := confidential.NewCredFromSecret(e.ClientSecret())
	require.NoError(e.t, err)
	c, err := tokensource.NewConfidential(tokensource.ConfidentialConfig{
		Authority: e.Authority(), ClientID: e.ClientID(), Credential: cred, HTTPClient: e.http(),
	})
	require.NoError(e.t, err)
	return c
}

func (e entra) public(prompt tokensource.Prompt) *tokensource.Public {
	e.t.Helper()
	p, err := tokensource.NewPublic(tokensource.PublicConfig{
		Authority: e.Authority(), ClientID: e.PublicClientID(), Prompt: prompt, HTTPClient: e.http(),
	})
	require.NoError(e.t, err)
	return p
}

// rawPublic is an MSAL client as a program would build it, with cp1.
func (e entra) rawPublic() public.Client {
	e.t.Helper()
	c, err := public.New(e.PublicClientID(), public.WithAuthority(e.Authority()), public.WithHTTPClient(e.http()),
		public.WithInstanceDiscovery(false), public.WithClientCapabilities([]string{"cp1"}))
	require.NoError(e.t, err)
	return c
}

func (e entra) rawConfidential() confidential.Client {
	e.t.Helper()
	cred, err := confidential.NewCredFromSecret(e.ClientSecret())
	require.NoError(e.t, err)
	c, err := confidential.New(e.Authority(), e.ClientID(), cred, confidential.WithHTTPClient(e.http()),
		confidential.WithInstanceDiscovery(false), confidential.WithClientCapabilities([]string{"cp1"}))
	require.NoError(e.t, err)
	return c
}

// browser is a Prompt at which the scripted person signs in.
func (e entra) browser() *tokensource.Browser { return &tokensource.Browser{Open: e.SignIn} }

// api returns a client that calls the API with tokens of source.
func (e entra) api(source msalcae.TokenSource) *http.Client {
	return (&msalcae.Transport{Source: source, Base: e.Client().Transport}).Client()
}

// get calls the API and returns the status.
func (e entra) get(c *http.Client, path string) int {
	e.t.Helper()
	resp, err := c.Get(e.API() + path)
	require.NoError(e.t, err)
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	require.NoError(e.t, err)
	return resp.StatusCode
}

func testContext(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// assertNoGoroutineIn waits until no goroutine has a frame of these functions.
func assertNoGoroutineIn(t testing.TB, functions ...string) {
	t.Helper()
	assert.Eventually(t, func() bool {
		var stacks strings.Builder
		_ = pprof.Lookup("goroutine").WriteTo(&stacks, 2)
		return !slices.ContainsFunc(functions, func(f string) bool { return strings.Contains(stacks.String(), f) })
	}, 5*time.Second, 10*time.Millisecond)
}
