package msalcae_test

import (
	"context"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/tokensource"
)

// BenchmarkWarm compares a request through Transport, while the token is good,
// with the least that a RoundTripper may do which does not touch its caller's
// request: copy it, copy its header, set Authorization.
func BenchmarkWarm(b *testing.B) {
	answer := &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}
	var kept *http.Request // as a real one keeps it while it sends
	stub := base(func(req *http.Request) (*http.Response, error) { kept = req; return answer, nil })
	value := strings.Repeat("t", 2<<10)
	source := tokensource.New(func(context.Context, msalcae.TokenRequest) (*msalcae.Token, error) {
		return &msalcae.Token{Value: value, ExpiresOn: time.Now().Add(time.Hour)}, nil
	})
	bearer := []string{"Bearer " + value}
	floor := base(func(req *http.Request) (*http.Response, error) {
		out := *req
		out.Header = maps.Clone(req.Header)
		out.Header["Authorization"] = bearer
		return stub.RoundTrip(&out)
	})

	for name, rt := range map[string]http.RoundTripper{
		"transport": &msalcae.Transport{Source: source, Base: stub, Hosts: []string{"graph.microsoft.com"}},
		"floor":     floor,
		"base":      stub,
	} {
		b.Run(name, func(b *testing.B) {
			req, err := http.NewRequest(http.MethodGet, "https://graph.microsoft.com/v1.0/users", nil)
			if err != nil {
				b.Fatal(err)
			}
			for _, header := range []string{"Accept", "Accept-Language", "User-Agent", "Client-Request-Id", "Consistencylevel", "Prefer"} {
				req.Header.Set(header, "some value")
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := rt.RoundTrip(req); err != nil {
					b.Fatal(err)
				}
			}
			if kept == nil {
				b.Fatal("nothing was sent")
			}
		})
	}
}
