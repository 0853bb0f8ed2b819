//go:build unix && !quick

package local

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/cache"
	"github.com/msalcae/msalcae/entratest"
	"github.com/msalcae/msalcae/tokensource"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The tests here are of whole processes: MSAL, sources, cache and files, against
// an Entra in this one.

func init() {
	// token prints a token as an application gets it that begins now.
	roles["token"] = func(args []string) error {
		dir, authority, clientID, secret, scope, ca := args[0], args[1], args[2], args[3], args[4], args[5]
		der, err := base64.StdEncoding.DecodeString(ca)
		if err != nil {
			return err
		}
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			return err
		}
		roots := x509.NewCertPool()
		roots.AddCert(cert)
		cred, err := confidential.NewCredFromSecret(secret)
		if err != nil {
			return err
		}
		app, err := tokensource.NewConfidential(tokensource.ConfidentialConfig{
			Authority: authority, ClientID: clientID, Credential: cred, Cache: cache.New(&files{dir: dir}, testKey),
			HTTPClient: &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}},
		})
		if err != nil {
			return err
		}
		fmt.Println("begun")
		ctx, cancel := context.WithTimeout(context.Background(), 15*time.Second)
		defer cancel()
		tok, err := app.App(scope).Token(ctx, msalcae.TokenRequest{})
		if err != nil {
			return err
		}
		fmt.Println(tok.Value)
		return nil
	}
}

// An application is what its processes need to know.
type application struct {
	*entratest.Server
	t    testing.TB
	args []string
}

func newApplication(t testing.TB) application {
	t.Helper()
	s := entratest.NewServer()
	t.Cleanup(s.Close)
	ca := base64.StdEncoding.EncodeToString(s.Certificate().Raw)
	return application{s, t, []string{t.TempDir(), s.Authority(), s.ClientID(), s.ClientSecret(), s.Scope(), ca}}
}

func (a application) begin() *child {
	a.t.Helper()
	c := spawn(a.t, "token", a.args)
	require.Equal(a.t, "begun", c.line(), "%s", &c.stderr)
	return c
}

// asked waits until so many token requests have come.
func (a application) asked(n int) {
	a.t.Helper()
	require.Eventually(a.t, func() bool { return a.Stats().TokenRequests >= n }, 10*time.Second, time.Millisecond)
}

func TestEightColdProcessesMakeOneTokenRequest(t *testing.T) {
	a := newApplication(t)
	a.FailToken(-1, entratest.Fault{Delay: 300 * time.Millisecond})
	var all []*child
	for range 8 {
		all = append(all, spawn(t, "token", a.args))
	}
	tokens := map[string]bool{}
	for _, c := range all {
		tokens[strings.TrimPrefix(c.wait(), "begun\n")] = true
	}
	assert.Len(t, tokens, 1)
	assert.Equal(t, 1, a.Stats().TokenRequests)
}

func TestLeaderIsKilled(t *testing.T) {
	a := newApplication(t)
	a.FailToken(1, entratest.Fault{Hang: true})
	leader := a.begin()
	a.asked(1)
	follower := a.begin()
	require.NoError(t, leader.Process.Kill())
	killed := time.Now()
	assert.NotEmpty(t, follower.wait())
	t.Logf("recovered %v after the leader was killed", time.Since(killed).Round(time.Millisecond))
	assert.Equal(t, 2, a.Stats().TokenRequests)
}

func TestLeaderIsStopped(t *testing.T) {
	t.Parallel() // it waits most of the time
	a := newApplication(t)
	a.FailToken(1, entratest.Fault{Hang: true})
	leader := a.begin()
	a.asked(1)
	require.NoError(t, leader.Process.Signal(syscall.SIGSTOP))
	follower := a.begin()
	assert.NotEmpty(t, follower.wait(), "it has its token long before its deadline")
	assert.Equal(t, 2, a.Stats().TokenRequests)
}
