package managed

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/msalcae/msalcae"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The endpoint is on this machine or on its link: no proxy can reach it.
func TestNoProxy(t *testing.T) {
	w, err := NewWire(nil, true)
	require.NoError(t, err)
	assert.Nil(t, w.client.Transport.(*http.Transport).Proxy)
	w.CloseIdleConnections()
}

// A redirect does not take the endpoint's secret elsewhere.
func TestRedirectIsNotFollowed(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("followed") }))
	defer elsewhere.Close()
	endpoint := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect))
	defer endpoint.Close()
	w, err := NewWire(endpoint.Client(), false)
	require.NoError(t, err)
	req, err := http.NewRequest(http.MethodGet, endpoint.URL, nil)
	require.NoError(t, err)
	req.Header.Set("X-IDENTITY-HEADER", "secret")
	_, err = w.Do(req)
	var answer *msalcae.Error
	require.ErrorAs(t, err, &answer)
	assert.Equal(t, http.StatusTemporaryRedirect, answer.Status)
}

// roundTrip answers with a status; 0: not at all.
type roundTrip func(n int) (status int)

func (f roundTrip) client() *http.Client {
	n := 0
	return &http.Client{Transport: transport(func(req *http.Request) (*http.Response, error) {
		n++
		status := f(n)
		if status == 0 {
			<-req.Context().Done()
			return nil, req.Context().Err()
		}
		return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("{}")), Request: req}, nil
	})}
}

type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// What passes is tried three times, the rest once; 404 passes at IMDS alone.
func TestRepeats(t *testing.T) {
	for _, c := range []struct {
		status int
		imds   bool
		tries  int
	}{
		{500, false, 3}, {502, true, 3}, {504, false, 3}, {408, false, 3}, {404, true, 3}, {410, true, 3},
		{404, false, 1}, {410, false, 1}, {400, true, 1}, {429, true, 1}, {503, true, 1}, {401, false, 1}, {200, true, 1},
	} {
		synctest.Test(t, func(t *testing.T) {
			tries := 0
			w, err := NewWire(roundTrip(func(n int) int { tries = n; return c.status }).client(), c.imds)
			require.NoError(t, err)
			req, err := http.NewRequest(http.MethodGet, "http://169.254.169.254/", nil)
			require.NoError(t, err)
			resp, err := w.Do(req)
			assert.Equal(t, c.tries, tries, "%d, IMDS %t", c.status, c.imds)
			assert.Equal(t, c.status == 200 || c.status == 401, err == nil)
			if err == nil {
				resp.Body.Close()
			}
		})
	}
}

// An attempt ends by its own limit, and a pause with the context.
func TestLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hang, err := NewWire(roundTrip(func(int) int { return 0 }).client(), false)
		require.NoError(t, err)
		req, err := http.NewRequest(http.MethodGet, "http://localhost/", nil)
		require.NoError(t, err)
		start := time.Now()
		_, err = hang.Do(req)
		require.ErrorContains(t, err, "could not be reached")
		assert.Equal(t, attemptLimit, time.Since(start))

		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		failing, err := NewWire(roundTrip(func(int) int { return 500 }).client(), false)
		require.NoError(t, err)
		start = time.Now()
		_, err = failing.Do(req.WithContext(ctx))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, 500*time.Millisecond, time.Since(start))
	})
}
