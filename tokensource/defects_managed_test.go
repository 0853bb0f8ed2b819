package tokensource

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/managedidentity"
	"github.com/msalcae/msalcae"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A platform answers requests for tokens of managed identities in turn.
type platform struct {
	answer func(n int, req *http.Request) (status int, body string)

	mu       sync.Mutex
	requests []*http.Request
	bodies   []string
}

func (p *platform) RoundTrip(req *http.Request) (*http.Response, error) {
	var body []byte
	if req.Body != nil {
		body, _ = io.ReadAll(req.Body)
	}
	p.mu.Lock()
	p.requests, p.bodies = append(p.requests, req), append(p.bodies, string(body))
	n := len(p.requests)
	p.mu.Unlock()
	status, text := p.answer(n, req)
	if status == 0 {
		<-req.Context().Done()
		return nil, req.Context().Err()
	}
	return reply(req, status, text), nil
}

func (p *platform) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.requests)
}

func managedToken(value string) string {
	return fmt.Sprintf(`{"access_token":%q,"expires_in":"3599","token_type":"Bearer"}`, value)
}

// inTurn gives a new token each time.
func inTurn(n int, _ *http.Request) (int, string) { return 200, managedToken(fmt.Sprint("at-", n)) }

// newResource is one that MSAL's cache, which is the process's, has not seen.
func newResource() string { return "https://d14.test/" + rand.Text() }

func rawManaged(t testing.TB, p *platform) managedidentity.Client {
	t.Helper()
	c, err := managedidentity.New(managedidentity.SystemAssigned(), managedidentity.WithHTTPClient(&http.Client{Transport: p}))
	require.NoError(t, err)
	return c
}

func managedOver(t testing.TB, p *platform) *ManagedIdentity {
	t.Helper()
	m, err := NewManagedIdentity(ManagedIdentityConfig{HTTPClient: &http.Client{Transport: p}})
	require.NoError(t, err)
	return m
}

// D14: MSAL sends the endpoint no claims, and goes on with the refused token if
// no other could be had. Its cache belongs to the whole process: a client gets
// what another was given by another endpoint.
func TestD14ManagedIdentity(t *testing.T) {
	ctx := context.Background()
	resource := newResource()
	once := func(n int, _ *http.Request) (int, string) {
		if n > 1 {
			return 400, `{"error":"invalid_request"}`
		}
		return 200, managedToken("at-1")
	}
	p := &platform{answer: once}
	raw := rawManaged(t, p)
	_, err := raw.AcquireToken(ctx, resource)
	require.NoError(t, err)
	_, err = raw.AcquireToken(ctx, resource, managedidentity.WithClaims(laterNbf))
	require.Error(t, err)
	assert.NotContains(t, p.requests[1].URL.String(), "nbf", "MSAL does not show the defect any more")
	res, err := raw.AcquireToken(ctx, resource)
	require.NoError(t, err)
	assert.Equal(t, "at-1", res.AccessToken, "MSAL does not show the defect any more")
	res, err = rawManaged(t, &platform{answer: func(int, *http.Request) (int, string) { return 200, managedToken("of-another-endpoint") }}).AcquireToken(ctx, resource)
	require.NoError(t, err)
	assert.Equal(t, "at-1", res.AccessToken, "MSAL does not show the defect any more")

	p = &platform{answer: once}
	source := managedOver(t, p).App(resource)
	tok, err := source.Token(ctx, msalcae.TokenRequest{})
	require.NoError(t, err)
	assert.Equal(t, "at-1", tok.Value)
	_, err = source.Token(ctx, msalcae.TokenRequest{Claims: laterNbf, Rejected: tok.Value})
	require.ErrorIs(t, err, msalcae.ErrMisconfigured, "as the endpoint says")
	_, err = source.Token(ctx, msalcae.TokenRequest{})
	require.Error(t, err)
	tok, err = managedOver(t, &platform{answer: inTurn}).App(resource).Token(ctx, msalcae.TokenRequest{})
	require.NoError(t, err)
	assert.Equal(t, "at-1", tok.Value)
	tok, err = managedOver(t, &platform{answer: func(int, *http.Request) (int, string) { return 200, managedToken("of-another-endpoint") }}).App(resource).Token(ctx, msalcae.TokenRequest{})
	require.NoError(t, err)
	assert.Equal(t, "of-another-endpoint", tok.Value)
}

// MSAL sends one request for each caller.
func TestD14OneRequestForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 20
		slow := func(n int, req *http.Request) (int, string) {
			time.Sleep(time.Second)
			return inTurn(n, req)
		}
		resource := newResource()
		all := func(get func() error) {
			errs := make(chan error, n)
			for range n {
				go func() { errs <- get() }()
			}
			for range n {
				require.NoError(t, <-errs)
			}
		}
		p := &platform{answer: slow}
		raw := rawManaged(t, p)
		all(func() error { _, err := raw.AcquireToken(t.Context(), resource); return err })
		assert.Equal(t, n, p.count(), "MSAL does not show the defect any more")

		p = &platform{answer: slow}
		m := managedOver(t, p)
		all(func() error { _, err := m.App(resource).Token(t.Context(), msalcae.TokenRequest{}); return err })
		assert.Equal(t, 1, p.count())
	})
}

// Cloud Shell is asked by POST, which MSAL repeats without the body.
func TestD14CloudShellRepeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		t.Setenv("MSI_ENDPOINT", "http://localhost:50342/oauth2/token")
		resource := newResource()
		starting := func(n int, req *http.Request) (int, string) {
			if n == 1 {
				return 500, "starting"
			}
			return inTurn(n, req)
		}
		p := &platform{answer: starting}
		_, err := rawManaged(t, p).AcquireToken(t.Context(), resource)
		require.NoError(t, err)
		assert.NotEmpty(t, p.bodies[0])
		assert.Empty(t, p.bodies[1], "MSAL does not show the defect any more")

		p = &platform{answer: starting}
		_, err = managedOver(t, p).App(resource).Token(t.Context(), msalcae.TokenRequest{})
		require.NoError(t, err)
		assert.Contains(t, p.bodies[0], "resource=")
		assert.Equal(t, p.bodies[0], p.bodies[1])
	})
}

// An endpoint that hangs holds MSAL for three minutes.
func TestD14Hang(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		resource := newResource()
		hang := func(int, *http.Request) (int, string) { return 0, "" }
		start := time.Now()
		_, err := rawManaged(t, &platform{answer: hang}).AcquireToken(t.Context(), resource)
		require.Error(t, err)
		assert.GreaterOrEqual(t, time.Since(start), 3*time.Minute, "MSAL does not show the defect any more")

		start = time.Now()
		_, err = managedOver(t, &platform{answer: hang}).App(resource).Token(t.Context(), msalcae.TokenRequest{})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.LessOrEqual(t, time.Since(start), 30*time.Second)
	})
}

// MSAL comes again after a second, whatever Retry-After says, and gives up.
func TestD14RetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		busy := func(n int, req *http.Request) (int, string) {
			if n == 1 {
				return 429, "retry-after 4"
			}
			return inTurn(n, req)
		}
		p := &platform{answer: busy}
		start := time.Now()
		_, err := managedOver(t, p).App(newResource()).Token(t.Context(), msalcae.TokenRequest{})
		require.NoError(t, err)
		assert.Equal(t, 2, p.count())
		assert.LessOrEqual(t, time.Since(start), 10*time.Second)

		p = &platform{answer: func(int, *http.Request) (int, string) { return 404, "" }}
		_, err = managedOver(t, p).App(newResource()).Token(t.Context(), msalcae.TokenRequest{})
		require.ErrorContains(t, err, "HTTP 404")
		assert.Equal(t, 3, p.count(), "the metadata service answers so while it is updated")
		assert.True(t, strings.HasSuffix(p.requests[2].URL.Path, "/token"))
	})
}

// A platform repeats its token for hours: that is no failure, and the token in
// use stays in use.
func TestManagedIdentityRepeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		end := time.Now().Add(24 * time.Hour)
		p := &platform{answer: func(n int, _ *http.Request) (int, string) {
			return 200, fmt.Sprintf(`{"access_token":"at-1","expires_on":"%d","token_type":"Bearer"}`, end.Unix())
		}}
		source := managedOver(t, p).App(newResource())
		for time.Until(end) > time.Minute {
			tok, err := source.Token(t.Context(), msalcae.TokenRequest{})
			require.NoError(t, err)
			require.Equal(t, "at-1", tok.Value)
			time.Sleep(30 * time.Second)
		}
		synctest.Wait()
		t.Logf("%d requests in 24 hours", p.count())
		assert.Less(t, p.count(), 250)
		_, err := source.Token(t.Context(), msalcae.TokenRequest{Claims: laterNbf, Rejected: "at-1"})
		require.ErrorIs(t, err, msalcae.ErrSameToken)
	})
}
