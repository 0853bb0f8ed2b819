package msalcae_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/msalcae/msalcae"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A context that ends during either send, or while a token is awaited, ends
// the call with that context's own error.
func TestContractCancellation(t *testing.T) {
	for _, stage := range []string{"token", "first send", "challenge body", "new token", "first body", "second send"} {
		t.Run(stage, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
				defer cancel()
				hang := func() error { <-ctx.Done(); return ctx.Err() }
				src := &tokens{}
				src.answer = func(_ context.Context, req msalcae.TokenRequest) (*msalcae.Token, error) {
					if stage == "token" && req.Claims == "" || stage == "new token" && req.Claims != "" {
						return nil, errors.Join(errors.New("source"), hang())
					}
					return &msalcae.Token{Value: map[bool]string{true: "t1", false: "t2"}[req.Claims == ""]}, nil
				}
				sends := 0
				tr := &msalcae.Transport{Source: src, Hosts: []string{"api.test"}, Base: base(func(req *http.Request) (*http.Response, error) {
					sends++
					if stage != "first body" {
						req.Body.Close()
					}
					if stage == "first send" && sends == 1 || stage == "second send" && sends == 2 {
						return nil, hang()
					}
					resp := unauthorized(req)
					if stage == "challenge body" {
						resp.Body = io.NopCloser(readerFunc(func([]byte) (int, error) { return 0, hang() }))
					}
					return resp, nil
				})}
				b := newBody("hello")
				req := request(t, "POST", "https://api.test/", b).WithContext(ctx)
				resp, err := tr.RoundTrip(req)
				require.Nil(t, resp)
				assert.Equal(t, context.DeadlineExceeded, err, "bare")
				assert.NotZero(t, b.closed())
				synctest.Wait()
			})
		})
	}
}

// http.Client.Timeout ends a wait for a token, and says that it is a timeout.
func TestClientTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := &msalcae.Transport{Hosts: []string{"api.test"}, Base: challengeOnce, Source: &tokens{answer: func(ctx context.Context, req msalcae.TokenRequest) (*msalcae.Token, error) {
			if req.Claims == "" {
				return &msalcae.Token{Value: "t1"}, nil
			}
			<-ctx.Done()
			return nil, ctx.Err()
		}}}
		client := tr.Client()
		client.Timeout = 2 * time.Second
		start := time.Now()
		_, err := client.Get("https://api.test/")
		var timeout interface{ Timeout() bool }
		require.ErrorAs(t, err, &timeout)
		assert.True(t, timeout.Timeout())
		assert.Equal(t, 2*time.Second, time.Since(start))
	})
}
