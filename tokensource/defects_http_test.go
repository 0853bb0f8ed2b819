package tokensource

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	"github.com/msalcae/msalcae"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// D11: MSAL fetches the discovery document on the context of whoever comes
// first. The others need not suffer when that one leaves.
func TestD11DiscoveryOutlivesItsFirstCaller(t *testing.T) { synctest.Test(t, d11) }

func d11(t *testing.T) {
	type outcome struct{ first, second error }
	run := func(t *testing.T, acquire func(rt) (func(context.Context) error, error)) outcome {
		arrived, release := make(chan struct{}), make(chan struct{})
		var once sync.Once
		get, err := acquire(func(req *http.Request) (*http.Response, error) {
			if req.Method == http.MethodPost {
				return reply(req, 200, goodToken), nil
			}
			once.Do(func() { close(arrived) })
			select {
			case <-release:
			case <-req.Context().Done():
				return nil, req.Context().Err()
			}
			return reply(req, 200, goodDiscovery), nil
		})
		require.NoError(t, err)
		leader, leave := context.WithCancel(context.Background())
		first, second := make(chan error), make(chan error)
		go func() { first <- get(leader) }()
		<-arrived
		go func() { second <- get(context.Background()) }()
		synctest.Wait() // until both wait
		leave()
		o := outcome{first: <-first}
		close(release)
		o.second = <-second
		return o
	}
	cred, err := confidential.NewCredFromSecret("x")
	require.NoError(t, err)

	raw := run(t, func(base rt) (func(context.Context) error, error) {
		c, err := confidential.New(testAuthority, "id", cred, confidential.WithInstanceDiscovery(false), confidential.WithHTTPClient(&http.Client{Transport: base}))
		return func(ctx context.Context) error {
			_, err := c.AcquireTokenByCredential(ctx, []string{"api://x/.default"}, confidential.WithClaims("{}"))
			return err
		}, err
	})
	require.ErrorIs(t, raw.first, context.Canceled)
	assert.ErrorIs(t, raw.second, context.Canceled, "MSAL does not show the defect any more")

	ours := run(t, func(base rt) (func(context.Context) error, error) {
		acquire := acquirerOver(t, base)
		return func(ctx context.Context) error {
			_, err := acquire(ctx, msalcae.TokenRequest{Claims: "{}"})
			return err
		}, nil
	})
	require.ErrorIs(t, ours.first, context.Canceled)
	assert.NoError(t, ours.second)
}

// D13: MSAL lets a 307 take the client's secret to another origin.
func TestD13CredentialsStay(t *testing.T) {
	var leaked atomic.Bool
	evil := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("client_secret") != "" {
			leaked.Store(true)
		}
		io.WriteString(w, goodToken)
	}))
	defer evil.Close()
	base := rt(func(req *http.Request) (*http.Response, error) {
		switch {
		case req.URL.Host != "login.contoso.test":
			return evil.Client().Transport.RoundTrip(req)
		case req.Method == http.MethodGet:
			return reply(req, 200, goodDiscovery), nil
		}
		return reply(req, http.StatusTemporaryRedirect, "", "Location", evil.URL), nil
	})
	cred, err := confidential.NewCredFromSecret("x")
	require.NoError(t, err)
	raw, err := confidential.New(testAuthority, "id", cred, confidential.WithInstanceDiscovery(false), confidential.WithHTTPClient(&http.Client{Transport: base}))
	require.NoError(t, err)
	_, err = raw.AcquireTokenByCredential(context.Background(), []string{"api://x/.default"})
	require.NoError(t, err)
	assert.True(t, leaked.Swap(false), "MSAL does not show the defect any more")

	_, err = appOver(t, base).Token(context.Background(), msalcae.TokenRequest{})
	require.ErrorContains(t, err, "redirect")
	assert.False(t, leaked.Load())
}
