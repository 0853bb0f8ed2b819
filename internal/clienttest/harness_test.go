package clienttest

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/msalcae/msalcae/entratest"
	"github.com/msalcae/msalcae/wwwauth"
	"github.com/stretchr/testify/require"
)

// options are what a credential of azidentity needs to find the server.
func options(s *entratest.Server) azcore.ClientOptions { return optionsOver(s, s.Client()) }

// optionsOver are options with a transport that takes note.
func optionsOver(s *entratest.Server, transport policy.Transporter) azcore.ClientOptions {
	host, _, _ := strings.Cut(strings.TrimPrefix(s.Authority(), "https://"), "/")
	return azcore.ClientOptions{
		Cloud:     cloud.Configuration{ActiveDirectoryAuthorityHost: "https://" + host},
		Transport: transport,
	}
}

// An api calls the server's API through azcore's pipeline, as the SDK's
// clients do.
type api struct {
	server   *entratest.Server
	pipeline runtime.Pipeline
}

func newAPI(s *entratest.Server, credential azcore.TokenCredential) *api {
	bearer := runtime.NewBearerTokenPolicy(credential, []string{s.Scope()}, nil)
	return &api{s, runtime.NewPipeline("clienttest", "v0.0.0",
		runtime.PipelineOptions{PerRetry: []policy.Policy{bearer}},
		&policy.ClientOptions{Transport: s.Client()})}
}

// get fetches a path of the API and returns the status.
func (a *api) get(ctx context.Context, path string) (int, error) {
	req, err := runtime.NewRequest(ctx, http.MethodGet, a.server.API()+path)
	if err != nil {
		return 0, err
	}
	resp, err := a.pipeline.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode, err
}

// requireOK fetches a path and demands success.
func (a *api) requireOK(t *testing.T, path string) {
	t.Helper()
	status, err := a.get(t.Context(), path)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, status)
}

// heals demands that event makes the API challenge, that the client recovers
// within one call, and returns what happened meanwhile.
func (a *api) heals(t *testing.T, path string, event func()) (entratest.Stats, []entratest.Request) {
	t.Helper()
	a.requireOK(t, path)
	event()
	before, seen := a.server.Stats(), len(a.server.Log())
	a.requireOK(t, path)
	during := a.server.Stats().Sub(before)
	require.Equal(t, 1, during.Challenges, "the API must have challenged")
	require.Equal(t, 2, during.APICalls, "the call must have been repeated once")
	return during, a.server.Log()[seen:]
}

// tokenRequests returns those for the token endpoint.
func tokenRequests(log []entratest.Request) []entratest.Request {
	var found []entratest.Request
	for _, r := range log {
		if r.Endpoint == entratest.TokenEndpoint {
			found = append(found, r)
		}
	}
	return found
}

// systemBrowser makes the test binary the system's browser: open is called
// with what a client opens. It returns what has been opened so far.
func systemBrowser(t *testing.T, open func(url string) error) func() []string {
	t.Helper()
	var (
		mu   sync.Mutex
		urls []string
		work sync.WaitGroup
	)
	listener := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(io.LimitReader(r.Body, 64<<10))
		mu.Lock()
		urls = append(urls, string(body))
		mu.Unlock()
		work.Go(func() {
			if err := open(string(body)); err != nil {
				t.Errorf("the browser: %v", err)
			}
		})
	}))
	t.Cleanup(func() {
		listener.Close()
		work.Wait()
	})

	self, err := os.Executable()
	require.NoError(t, err)
	folder := t.TempDir()
	require.NoError(t, os.Symlink(self, filepath.Join(folder, "xdg-open")))
	t.Setenv("PATH", folder)
	t.Setenv(opened, listener.URL)
	return func() []string {
		mu.Lock()
		defer mu.Unlock()
		return append([]string(nil), urls...)
	}
}

// answered is what azidentity sends as claims for the challenge in the log: its
// nbf, and the capability.
func answered(t *testing.T, log []entratest.Request) string {
	t.Helper()
	return `{"access_token":{"nbf":` + nbf(t, log) + `,"xms_cc":{"values":["CP1"]}}}`
}

// nbf returns the member nbf of the challenge in the log, as it was sent.
func nbf(t *testing.T, log []entratest.Request) string {
	t.Helper()
	for _, r := range log {
		if r.Challenge == "" {
			continue
		}
		claims, err := wwwauth.Claims(&http.Response{
			StatusCode: http.StatusUnauthorized, Header: http.Header{"Www-Authenticate": {r.Challenge}},
		})
		require.NoError(t, err)
		var asked struct {
			AccessToken struct {
				NBF json.RawMessage `json:"nbf"`
			} `json:"access_token"`
		}
		require.NoError(t, json.Unmarshal([]byte(claims), &asked))
		require.NotEmpty(t, asked.AccessToken.NBF, "the challenge demands no nbf: %s", claims)
		return string(asked.AccessToken.NBF)
	}
	t.Fatal("no challenge was sent")
	return ""
}
