package tokensource_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/entratest"
	"github.com/msalcae/msalcae/tokensource"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const podSubject = "system:serviceaccount:default:orders"

// A pod is given its identity by the environment, and a newer token in the file
// before the old one ends.
func TestWorkloadIdentity(t *testing.T) {
	e := newEntra(t)
	cluster := e.Issuer("cluster")
	app := e.AddApp(entratest.App{Name: "orders", FederatedCredentials: []entratest.FederatedCredential{{Issuer: cluster.URL(), Subject: podSubject}}})
	file := filepath.Join(t.TempDir(), "azure-identity-token")
	project := func(token string) { require.NoError(t, os.WriteFile(file, []byte(token), 0o600)) }
	project(cluster.Token(podSubject) + "\n")
	t.Setenv("AZURE_FEDERATED_TOKEN_FILE", file)
	t.Setenv("AZURE_CLIENT_ID", app.ClientID)
	t.Setenv("AZURE_TENANT_ID", e.Tenant())
	t.Setenv("AZURE_AUTHORITY_HOST", strings.TrimSuffix(e.Authority(), e.Tenant()))

	cfg, err := tokensource.WorkloadIdentity()
	require.NoError(t, err)
	assert.Equal(t, e.Authority(), cfg.Authority)
	secrets := newSpy(e.Client().Transport)
	cfg.HTTPClient = &http.Client{Transport: secrets}
	c, err := tokensource.NewConfidential(cfg)
	require.NoError(t, err)
	e.heals(app.ClientID, c)

	source := c.App(e.Scope())
	source.ChallengesPerMinute = -1
	tok, err := source.Token(testContext(t), msalcae.TokenRequest{})
	require.NoError(t, err)
	fails := func(says string) {
		t.Helper()
		_, err := source.Token(testContext(t), msalcae.TokenRequest{Rejected: tok.Value, Claims: `{"access_token":{"nbf":{"essential":true,"value":"1"}}}`})
		require.ErrorIs(t, err, msalcae.ErrMisconfigured, says)
		assert.ErrorContains(t, err, says)
		assertNoSecret(t, err, secrets.known())
	}
	before := e.Stats().TokenRequests
	project(cluster.TokenFor(0, podSubject))
	fails("expired at ")
	project("")
	fails("is empty")
	project("not-a-token")
	fails("does not hold a JWT")
	project("e30." + strings.Repeat("x", 70_000) + ".x")
	fails("does not hold a JWT")
	require.NoError(t, os.Remove(file))
	fails("cannot be read")
	assert.Equal(t, before, e.Stats().TokenRequests, "all of this was seen without Entra")
	project(cluster.Token("system:serviceaccount:default:other"))
	fails("check the client's secret, certificate or assertion")
	project(cluster.Token(podSubject))
	e.heals(app.ClientID, c)
}

func TestWorkloadIdentityIsMissing(t *testing.T) {
	names := []string{"AZURE_FEDERATED_TOKEN_FILE", "AZURE_CLIENT_ID", "AZURE_TENANT_ID"}
	for _, name := range names {
		t.Setenv(name, "x")
	}
	t.Setenv("AZURE_AUTHORITY_HOST", "")
	cfg, err := tokensource.WorkloadIdentity()
	require.NoError(t, err)
	assert.Equal(t, "https://login.microsoftonline.com/x", cfg.Authority)
	for _, name := range names {
		t.Setenv(name, "")
		_, err := tokensource.WorkloadIdentity()
		require.ErrorIs(t, err, msalcae.ErrMisconfigured)
		assert.ErrorContains(t, err, name)
		t.Setenv(name, "x")
	}
	t.Setenv("AZURE_TENANT_ID", "../common")
	_, err = tokensource.WorkloadIdentity()
	require.ErrorIs(t, err, msalcae.ErrMisconfigured)
	assert.ErrorContains(t, err, "AZURE_TENANT_ID")
}

const jobSubject = "repo:contoso/orders:ref:refs/heads/main"

func TestGitHubActions(t *testing.T) {
	e := newEntra(t)
	host := e.Issuer("code-host")
	app := e.AddApp(entratest.App{Name: "deploy", FederatedCredentials: []entratest.FederatedCredential{{Issuer: host.URL(), Subject: jobSubject}}})
	at, token := host.GitHub(jobSubject)
	t.Setenv("ACTIONS_ID_TOKEN_REQUEST_URL", at)
	t.Setenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", token)
	cred, err := tokensource.GitHubActions(e.Client())
	require.NoError(t, err)
	e.heals(app.ClientID, e.as(app.ClientID, cred))
}

func TestGitHubActionsFails(t *testing.T) {
	e := newEntra(t)
	for _, name := range []string{"ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"} {
		t.Setenv("ACTIONS_ID_TOKEN_REQUEST_URL", "https://github.test/?job=1")
		t.Setenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "the-secret-of-the-job")
		t.Setenv(name, "")
		_, err := tokensource.GitHubActions(nil)
		require.ErrorIs(t, err, msalcae.ErrMisconfigured)
		assert.ErrorContains(t, err, "id-token: write")
	}
	t.Setenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "the-secret-of-the-job")
	t.Setenv("ACTIONS_ID_TOKEN_REQUEST_URL", "http://github.test/")
	_, err := tokensource.GitHubActions(nil)
	require.ErrorIs(t, err, msalcae.ErrMisconfigured)
	assertNoSecret(t, err, map[string]string{"the-secret-of-the-job": "token"})

	for says, answer := range map[string]http.HandlerFunc{
		"HTTP 403": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(403) },
		"HTTP 302": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://evil.test/", http.StatusFound)
		},
		"could not be read":  func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("<html>secret-in-a-page")) },
		"is empty":           func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("{}")) },
		"does not hold a":    func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(`{"value":"secret-in-a-page"}`)) },
		"could not be reach": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		t.Run(says, func(t *testing.T) {
			asked := 0
			github := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked++
				assert.Equal(t, "Bearer the-secret-of-the-job", r.Header.Get("Authorization"))
				assert.Equal(t, "api://AzureADTokenExchange", r.URL.Query().Get("audience"))
				assert.Equal(t, "1", r.URL.Query().Get("job"))
				answer(w, r)
			}))
			defer github.Close()
			t.Setenv("ACTIONS_ID_TOKEN_REQUEST_URL", github.URL+"/?job=1")
			cred, err := tokensource.GitHubActions(nil)
			require.NoError(t, err)
			_, err = e.as(e.ClientID(), cred).App(e.Scope()).Token(testContext(t), msalcae.TokenRequest{})
			require.ErrorContains(t, err, says)
			assertNoSecret(t, err, map[string]string{"the-secret-of-the-job": "token", "secret-in-a-page": "answer", "job=1": "job"})
			assert.Positive(t, asked)
		})
	}

	busy := 0
	github := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		busy++
		w.Header().Set("Retry-After", "3600")
		w.WriteHeader(503)
	}))
	defer github.Close()
	t.Setenv("ACTIONS_ID_TOKEN_REQUEST_URL", github.URL)
	cred, err := tokensource.GitHubActions(nil)
	require.NoError(t, err)
	source := e.as(e.ClientID(), cred).App(e.Scope())
	_, err = source.Token(testContext(t), msalcae.TokenRequest{})
	var answer *msalcae.Error
	require.ErrorAs(t, err, &answer)
	assert.Equal(t, time.Hour, answer.RetryAfter)
	_, err = source.Token(testContext(t), msalcae.TokenRequest{})
	require.ErrorIs(t, err, msalcae.ErrPaused, "and is spared")
	assert.Equal(t, 1, busy)
}
