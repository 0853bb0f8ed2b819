package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/msalcae/msalcae/entratest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A keyServer answers slowly, and with nothing while it is down.
type keyServer struct {
	down  atomic.Bool
	asked atomic.Int32 // for the discovery document
}

func (s *keyServer) RoundTrip(req *http.Request) (*http.Response, error) {
	document := `{"issuer":"https://login.test/v2.0","jwks_uri":"https://login.test/keys"}`
	if req.URL.Path == "/keys" {
		document = `{"keys":[{"kty":"RSA","kid":"one","n":"` + strings.Repeat("w", 344) + `"}]}`
	} else {
		s.asked.Add(1)
	}
	time.Sleep(time.Second)
	if s.down.Load() {
		return nil, errors.New("no route to host")
	}
	return &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader(document)), Request: req}, nil
}

// However many ask, and however long the keys cannot be had, Entra is asked by
// one of them and then left alone for a while.
func TestKeysAreNotStormed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &keyServer{}
		k := &keys{authority: "https://login.test", client: &http.Client{Transport: server}}
		crowd := func(name string) (failures []error) {
			var mu sync.Mutex
			var wg sync.WaitGroup
			for range 100 {
				wg.Go(func() {
					if _, _, err := k.named(t.Context(), name); err != nil {
						mu.Lock()
						failures = append(failures, err)
						mu.Unlock()
					}
				})
			}
			wg.Wait()
			return failures
		}
		server.down.Store(true)
		failures := crowd("one")
		require.Len(t, failures, 100)
		assert.ErrorIs(t, failures[99], errNoKeys)
		assert.EqualValues(t, 1, server.asked.Load())
		start := time.Now()
		require.Len(t, crowd("one"), 100)
		assert.Zero(t, time.Since(start), "at once")
		assert.EqualValues(t, 1, server.asked.Load())

		server.down.Store(false)
		time.Sleep(keyPause)
		assert.Empty(t, crowd("one"))
		assert.EqualValues(t, 2, server.asked.Load())
		for _, err := range crowd("a name that somebody made up") {
			assert.NotErrorIs(t, err, errNoKeys)
		}
		assert.EqualValues(t, 2, server.asked.Load())

		server.down.Store(true)
		time.Sleep(keyRest)
		assert.Len(t, crowd("new"), 100)
		assert.EqualValues(t, 3, server.asked.Load())
		assert.Empty(t, crowd("one"), "what is known serves on")
	})
}

// Who leaves takes nobody along.
func TestKeysAreNobodys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &keyServer{}
		k := &keys{authority: "https://login.test", client: &http.Client{Transport: server}}
		short, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		_, _, err := k.named(short, "one")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		_, issuer, err := k.named(t.Context(), "one")
		require.NoError(t, err)
		assert.Equal(t, "https://login.test/v2.0", issuer)
		assert.EqualValues(t, 1, server.asked.Load())
	})
}

// So it is for the API's callers.
func TestWebAPIDoesNotStormEntra(t *testing.T) {
	entra, address, person := start(t)
	entra.Fail(entratest.DiscoveryEndpoint, -1, entratest.Fault{Status: 500, Path: "/" + entra.Tenant() + "/discovery/v2.0/keys"})
	before := entra.Stats()
	for range 5 {
		status, _ := get(t, person, address)
		assert.Equal(t, 502, status)
	}
	assert.LessOrEqual(t, entra.Stats().Sub(before).DiscoveryRequests, 3, "the person's client asks for one, the API for two")
}
