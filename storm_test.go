package msalcae_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/entratest"
	"github.com/msalcae/msalcae/tokensource"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A stormAPI refuses the tokens that were seen before the last revocation, as
// Graph does: with an nbf of its own in each 401, and at times of its own.
type stormAPI struct {
	*httptest.Server
	spread  time.Duration // over which the 401s of a storm come
	callers int

	mu      sync.Mutex
	revoked map[string]bool // by token, as far as it was seen
	sends   map[string]int  // by the name of the request
	refused map[string]int
	all     int // refused
}

// ownConnections is how many callers of a storm may have a connection each: its
// two ends are in this process, which may be allowed no more than 1024 files.
// More callers than that share one.
const ownConnections = 100

// newStormAPI serves HTTP/1 or, over the same plain sockets, HTTP/2: what the
// client speaks.
func newStormAPI(t *testing.T, callers int) *stormAPI {
	a := &stormAPI{callers: callers, revoked: map[string]bool{}, sends: map[string]int{}, refused: map[string]int{}}
	a.Server = httptest.NewUnstartedServer(a)
	a.Config.Protocols = new(http.Protocols)
	a.Config.Protocols.SetHTTP1(true)
	a.Config.Protocols.SetUnencryptedHTTP2(true)
	a.Config.HTTP2 = &http.HTTP2Config{MaxConcurrentStreams: 2 * callers}
	a.Start()
	t.Cleanup(a.Close)
	return a
}

// connections returns a transport to a: with a connection for each caller who
// waits for a slow 401, or with one for all.
func (a *stormAPI) connections() *http.Transport {
	tr := &http.Transport{Protocols: new(http.Protocols), MaxIdleConnsPerHost: ownConnections}
	tr.Protocols.SetHTTP1(a.callers <= ownConnections)
	tr.Protocols.SetUnencryptedHTTP2(a.callers > ownConnections)
	return tr
}

func (a *stormAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name, token := r.URL.Path, r.Header.Get("Authorization")
	a.mu.Lock()
	a.sends[name]++
	revoked := a.revoked[token]
	a.revoked[token] = revoked
	if !revoked {
		a.mu.Unlock()
		return
	}
	a.refused[name]++
	a.all++
	n := a.all
	a.mu.Unlock()
	if a.spread > 0 {
		time.Sleep(a.spread * time.Duration(n%a.callers) / time.Duration(a.callers)) // this API's own pace
	}
	claims := fmt.Sprintf(`{"access_token":{"nbf":{"essential":true, "value":"%d"}}}`, 1700000000+n)
	w.Header().Set("WWW-Authenticate", `Bearer realm="", error="insufficient_claims", claims="`+base64.StdEncoding.EncodeToString([]byte(claims))+`"`)
	w.WriteHeader(http.StatusUnauthorized)
}

// revoke makes all that was sent so far worthless.
func (a *stormAPI) revoke() {
	a.mu.Lock()
	defer a.mu.Unlock()
	for token := range a.revoked {
		a.revoked[token] = true
	}
}

// storm sends a request for each of callers at once, and returns how many failed.
func (a *stormAPI) storm(t *testing.T, client *http.Client, round, callers int) int {
	t.Helper()
	var failed atomic.Int32
	var running sync.WaitGroup
	start := make(chan struct{})
	for n := range callers {
		running.Go(func() {
			<-start
			resp, err := client.Get(fmt.Sprintf("%s/%d/%d", a.URL, round, n))
			if err != nil {
				t.Log(err)
				failed.Add(1)
				return
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
			if resp.StatusCode != http.StatusOK {
				failed.Add(1)
			}
		})
	}
	close(start)
	running.Wait()
	return int(failed.Load())
}

// assertTwoSends checks that each challenged request was sent exactly once more.
func (a *stormAPI) assertTwoSends(t *testing.T) {
	t.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	wrong := 0
	for name, sends := range a.sends {
		if sends != 1+a.refused[name] || sends > 2 {
			wrong++
		}
	}
	assert.Zero(t, wrong, "requests that were not sent once, and once more if they were challenged")
}

// storming is a client of a, with tokens that MSAL gets from a local Entra ID.
func storming(t *testing.T, a *stormAPI) (*http.Client, *entratest.Server) {
	srv := entratest.NewServer()
	t.Cleanup(srv.Close)
	cred, err := confidential.NewCredFromSecret(srv.ClientSecret())
	require.NoError(t, err)
	app, err := tokensource.NewConfidential(tokensource.ConfidentialConfig{
		Authority: srv.Authority(), ClientID: srv.ClientID(), Credential: cred, HTTPClient: srv.Client(),
	})
	require.NoError(t, err)
	source := app.App(srv.Scope())
	source.ChallengesPerMinute = -1
	source.RequestTimeout = time.Hour // a machine without time for us must not look like a silent Entra ID
	u, err := url.Parse(a.URL)
	require.NoError(t, err)
	tr := &msalcae.Transport{Source: source, Base: a.connections(), Hosts: []string{u.Host}}
	t.Cleanup(tr.CloseIdleConnections)
	require.Zero(t, a.storm(t, tr.Client(), 0, 1))
	return tr.Client(), srv
}

// The small storms go on at once, and the large one alone: they share a machine
// that may be small.
func TestStorm(t *testing.T) {
	for _, sizes := range [][]int{{10, 100, 1000}, {5000}} {
		t.Run(fmt.Sprint(sizes), func(t *testing.T) {
			for _, callers := range sizes {
				for name, spread := range map[string]time.Duration{"burst": 0, "spread over 2 s": 2 * time.Second} {
					t.Run(fmt.Sprintf("%d %s", callers, name), func(t *testing.T) {
						t.Parallel()
						stormOnce(t, callers, spread)
					})
				}
			}
		})
	}
}

func stormOnce(t *testing.T, callers int, spread time.Duration) {
	a := newStormAPI(t, callers)
	a.spread = spread
	client, srv := storming(t, a)
	a.revoke()
	assert.Zero(t, a.storm(t, client, 1, callers), "failures")
	a.assertTwoSends(t)
	assert.NotZero(t, a.all, "challenged requests")
	assert.Equal(t, 2, srv.Stats().TokenRequests, "the first one, and one for the revocation")
}

// Revocation after revocation while the machine has no time.
func TestStormsOnABusyMachine(t *testing.T) {
	const callers = 50
	a := newStormAPI(t, callers)
	client, srv := storming(t, a)
	ctx, rest := context.WithCancel(t.Context())
	var busy sync.WaitGroup
	for range 2 {
		busy.Go(func() {
			for ctx.Err() == nil {
			}
		})
	}
	const revocations = 40
	for n := range revocations {
		a.revoke()
		assert.Zero(t, a.storm(t, client, n+1, callers), "failures")
	}
	rest()
	busy.Wait()
	a.assertTwoSends(t)
	assert.Equal(t, 1+revocations, srv.Stats().TokenRequests)
}
