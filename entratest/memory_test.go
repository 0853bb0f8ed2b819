package entratest_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/entratest"
	"github.com/msalcae/msalcae/tokensource"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// inBubble runs a test with a server in memory, on a clock that nobody has to
// wait for.
func inBubble(t *testing.T, test func(t *testing.T, s *entratest.Server)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := entratest.NewMemoryServer()
		defer s.Close()
		test(t, s)
	})
}

// daemonOf is a production program: MSAL Go's confidential client under our
// Transport.
func daemonOf(t *testing.T, s *entratest.Server) *http.Client {
	t.Helper()
	cred, err := confidential.NewCredFromSecret(s.ClientSecret())
	require.NoError(t, err)
	app, err := tokensource.NewConfidential(tokensource.ConfidentialConfig{
		Authority: s.Authority(), ClientID: s.ClientID(), Credential: cred, HTTPClient: s.Client(),
	})
	require.NoError(t, err)
	return (&msalcae.Transport{Source: app.App(s.Scope()), Base: s.Client().Transport}).Client()
}

func status(t *testing.T, c *http.Client, url string) int {
	t.Helper()
	resp, err := c.Get(url)
	require.NoError(t, err)
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	require.NoError(t, err)
	return resp.StatusCode
}

// A token that lives for a day is used for 28 hours, in no time.
func TestMemoryServerOverADay(t *testing.T) {
	inBubble(t, func(t *testing.T, s *entratest.Server) {
		client := daemonOf(t, s)
		assert.Equal(t, 200, status(t, client, s.API()+"/users"))
		for range 28 {
			time.Sleep(time.Hour)
			assert.Equal(t, 200, status(t, client, s.API()+"/users"))
		}
		st := s.Stats()
		assert.Equal(t, 2, st.TokenRequests, "the first token has been replaced once, before it expired")
		assert.Zero(t, st.Challenges)
		log := s.Log()
		assert.Equal(t, 28*time.Hour, log[len(log)-1].Time.Sub(log[0].Time), "the bubble's time")
	})
}

// The tokens themselves go by the bubble's clock, to the second.
func TestMemoryServerExpiresTokens(t *testing.T) {
	inBubble(t, func(t *testing.T, s *entratest.Server) {
		s.SetTokenLifetime(28 * time.Hour)
		token := post(t, s, daemon(s, cp1)).token()
		time.Sleep(28*time.Hour - time.Second)
		assert.Equal(t, 200, call(t, s, token, "GET", "/users", "").status)
		time.Sleep(time.Second)
		expired := call(t, s, token, "GET", "/users", "")
		assert.Equal(t, 401, expired.status)
		assert.Contains(t, string(expired.body), "the token is expired")
	})
}

func TestMemoryServerRevokes(t *testing.T) {
	inBubble(t, func(t *testing.T, s *entratest.Server) {
		client := daemonOf(t, s)
		assert.Equal(t, 200, status(t, client, s.API()+"/users"))
		time.Sleep(20 * time.Minute)
		s.Revoke(s.ClientID())
		assert.Equal(t, 200, status(t, client, s.API()+"/users"), "healed inside the call")
		st := s.Stats()
		assert.Equal(t, 1, st.Challenges)
		assert.Equal(t, 2, st.TokenRequests)
	})
}

func TestMemoryServerFaults(t *testing.T) {
	inBubble(t, func(t *testing.T, s *entratest.Server) {
		client := daemonOf(t, s)
		assert.Equal(t, 200, status(t, client, s.API()+"/users"))

		s.FailAPI(1, entratest.Fault{Delay: time.Hour})
		start := time.Now()
		assert.Equal(t, 200, status(t, client, s.API()+"/users"))
		assert.Equal(t, time.Hour, time.Since(start), "an hour to the nanosecond")

		s.FailAPI(1, entratest.Fault{Hang: true})
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.API()+"/users", nil)
		require.NoError(t, err)
		start = time.Now()
		_, err = client.Do(req)
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, 10*time.Minute, time.Since(start))

		s.FailAPI(1, entratest.Fault{Drop: true})
		_, err = client.Post(s.API()+"/me/messages", "application/json", http.NoBody)
		assert.Error(t, err)
	})
}

// Microsoft's names lead to it, loopback leads out, and the rest nowhere.
func TestMemoryServerHosts(t *testing.T) {
	inBubble(t, func(t *testing.T, s *entratest.Server) {
		form := daemon(s, "")
		form.Set("scope", "https://graph.microsoft.us/.default")
		resp, err := s.Client().PostForm("https://login.microsoftonline.us/"+s.Tenant()+"/oauth2/v2.0/token", form)
		require.NoError(t, err)
		resp.Body.Close()
		assert.Equal(t, 200, resp.StatusCode)
		_, err = s.Client().Get("https://example.com/")
		assert.ErrorIs(t, err, syscall.ECONNREFUSED)
	})
}

// A person may sign in as well, as long as nobody waits for the clock.
func TestMemoryServerSignsIn(t *testing.T) {
	s := entratest.NewMemoryServer()
	defer s.Close()
	a := newNativeApp(t, s).signIn(cp1)
	require.Equal(t, 200, a.status, "%s", a.body)
	assert.Equal(t, 200, call(t, s, a.token(), "GET", "/me", "").status)
	u, err := url.Parse(s.Authority())
	require.NoError(t, err)
	assert.Equal(t, "login.entra.test", u.Host)
}

// Close ends everything, whatever hangs: a bubble that goroutines outlive
// panics.
func TestMemoryServerCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := entratest.NewMemoryServer()
		s.FailAPI(-1, entratest.Fault{Hang: true})
		failed := make(chan error)
		go func() {
			_, err := s.Client().Get(s.API() + "/me")
			failed <- err
		}()
		synctest.Wait()
		s.Close()
		assert.Error(t, <-failed)
		_, err := s.Client().Get(s.API() + "/me")
		assert.True(t, errors.Is(err, syscall.ECONNREFUSED), err)
	})
}
