package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"
)

// A storm is one revocation that many requests under way meet.
type storm struct {
	name    string
	callers int
	spread  time.Duration // over which they come; zero: all at once
	network bool          // TLS to an API on this machine; or all in memory
}

var stormKinds = []storm{
	{name: "100 at once", callers: 100},
	{name: "1000 at once", callers: 1000},
	{name: "5000 at once", callers: 5000},
	{name: "5000 within 100 ms", callers: 5000, spread: 100 * time.Millisecond},
	{name: "1000 at once over TLS", callers: 1000, network: true},
}

const stormLimit = 8 * time.Second

// storms lets every peer meet every storm, with 20 ms for a token request.
func storms(r *report, s settings) {
	rounds := max(1, s.rounds/10)
	for _, kind := range stormKinds {
		for _, p := range challengedPeers {
			if kind.callers > 100 && p.name == "kiota-http-go + azidentity" {
				continue // it asks for each caller in turn: 20 s and more
			}
			var requests []float64
			ms := median(rounds, func() float64 {
				n, took := kind.meet(p)
				requests = append(requests, float64(n))
				return float64(took)
			})
			i := -1
			n := median(rounds, func() float64 { i++; return requests[i] })
			r.row(kind.name+": "+p.name, fmt.Sprintf("%.0f / %.0f", n, ms/1e6))
		}
	}
}

// meet returns how many token requests a storm cost, and how long it took until
// every caller had a 200.
func (k storm) meet(p peer) (requests int64, took time.Duration) {
	tokens, resource := &sts{}, &api{}
	var base http.RoundTripper = resource
	if k.network {
		server := httptest.NewUnstartedServer(resource)
		server.EnableHTTP2 = true
		server.Config.ErrorLog = log.New(io.Discard, "", 0) // connections that nobody needed after all
		server.StartTLS()
		defer server.Close()
		base = redirected(server)
	}
	call := p.make(base, tokens)
	must(call(context.Background()))
	tokens.latency = 20 * time.Millisecond
	resource.revoke(tokens)
	before := tokens.requests.Load()
	ctx, cancel := context.WithTimeout(context.Background(), stormLimit)
	defer cancel()
	var wg sync.WaitGroup
	gate := make(chan struct{})
	for i := range k.callers {
		wg.Go(func() {
			<-gate
			if k.spread > 0 {
				time.Sleep(k.spread * time.Duration(i) / time.Duration(k.callers))
			}
			if err := call(ctx); err != nil && !errors.Is(err, context.DeadlineExceeded) {
				panic(err)
			}
		})
	}
	start := time.Now()
	close(gate)
	wg.Wait()
	return tokens.requests.Load() - before, time.Since(start)
}

// redirected sends what is for the API to server.
func redirected(server *httptest.Server) http.RoundTripper {
	client := server.Client().Transport
	return roundTripper(func(req *http.Request) (*http.Response, error) {
		out := *req
		u := *req.URL
		u.Host = server.Listener.Addr().String()
		out.URL = &u
		return client.RoundTrip(&out)
	})
}
