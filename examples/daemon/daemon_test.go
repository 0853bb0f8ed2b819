package main

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/entratest"
	"github.com/stretchr/testify/require"
)

// identities are what the environment may say, each of an application.
var identities = map[string]func(*testing.T, *entratest.Server) (app string){
	"secret": func(t *testing.T, e *entratest.Server) string {
		t.Setenv("MSALCAE_CLIENT_ID", e.ClientID())
		t.Setenv("MSALCAE_CLIENT_SECRET", e.ClientSecret())
		return e.ClientID()
	},
	"certificate": func(t *testing.T, e *entratest.Server) string {
		own := e.ClientCertificate()
		der, err := x509.MarshalPKCS8PrivateKey(own.PrivateKey)
		require.NoError(t, err)
		file := append(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: own.Certificate[0]})...)
		path := filepath.Join(t.TempDir(), "daemon.pem")
		require.NoError(t, os.WriteFile(path, file, 0o600))
		t.Setenv("MSALCAE_CLIENT_ID", e.ClientID())
		t.Setenv("MSALCAE_CERTIFICATE", path)
		return e.ClientID()
	},
	"workload identity": func(t *testing.T, e *entratest.Server) string {
		cluster := e.Issuer("cluster")
		app := e.AddApp(entratest.App{FederatedCredentials: []entratest.FederatedCredential{{Issuer: cluster.URL(), Subject: "daemon"}}})
		path := filepath.Join(t.TempDir(), "token")
		require.NoError(t, os.WriteFile(path, []byte(cluster.Token("daemon")), 0o600))
		t.Setenv("AZURE_FEDERATED_TOKEN_FILE", path)
		t.Setenv("AZURE_CLIENT_ID", app.ClientID)
		t.Setenv("AZURE_TENANT_ID", e.Tenant())
		t.Setenv("AZURE_AUTHORITY_HOST", host(e))
		return app.ClientID
	},
	"managed identity": func(_ *testing.T, e *entratest.Server) string {
		e.SetManagedIdentities(entratest.ManagedIdentities{CAE: true, NoCache: true})
		return e.ManagedIdentity().ClientID
	},
}

func host(e *entratest.Server) string { return strings.TrimSuffix(e.Authority(), "/"+e.Tenant()) }

// Whoever it is, the daemon outlives a revocation without missing a round, and
// trouble without ending.
func TestDaemon(t *testing.T) {
	for name, enter := range identities {
		t.Run(name, func(t *testing.T) {
			e := entratest.NewServer()
			defer e.Close()
			t.Setenv("MSALCAE_AUTHORITY", host(e))
			t.Setenv("MSALCAE_TENANT", e.Tenant())
			app := enter(t, e)
			source, err := identity(graphScope(e.API()), e.Client())
			require.NoError(t, err)
			said := make(chan string)
			d := &daemon{graph: e.API(), say: func(format string, args ...any) { said <- fmt.Sprintf(format, args...) },
				client: (&msalcae.Transport{Source: source, Base: e.Client().Transport, Trace: trace()}).Client()}
			ctx, stop := context.WithCancel(context.Background())
			ended := make(chan struct{})
			go func() { defer close(ended); d.run(ctx, time.Millisecond) }()

			counted := fmt.Sprintf("%d users", len(e.Users()))
			until := func(what string, ok func(string) bool) {
				t.Helper()
				for patience := time.After(20 * time.Second); ; {
					select {
					case text := <-said:
						if ok(text) {
							return
						}
						require.Equal(t, counted, text, "while waiting for %s", what)
					case <-patience:
						require.Fail(t, "nothing was said of "+what)
					}
				}
			}
			until("users", func(text string) bool { return text == counted })
			before := e.Stats().Challenges
			e.Revoke(app)
			until("users after a revocation", func(text string) bool { return text == counted && e.Stats().Challenges == before+1 })
			e.FailAPI(1, entratest.Fault{Status: http.StatusServiceUnavailable})
			until("trouble", func(text string) bool { return strings.Contains(text, "503") })
			until("users", func(text string) bool { return text == counted })
			go stop()
			for {
				select {
				case <-said:
					continue
				case <-ended:
				}
				break
			}
		})
	}
}

func TestIdentityRefuses(t *testing.T) {
	t.Setenv("MSALCAE_CERTIFICATE", filepath.Join(t.TempDir(), "none.pem"))
	_, err := identity("https://graph.microsoft.com/.default", nil)
	require.ErrorIs(t, err, os.ErrNotExist)
	t.Setenv("MSALCAE_CERTIFICATE", "")
	t.Setenv("MSALCAE_CLIENT_SECRET", "x")
	t.Setenv("MSALCAE_TENANT", "")
	_, err = identity("https://graph.microsoft.com/.default", nil)
	require.ErrorIs(t, err, msalcae.ErrMisconfigured)
}
