package main

import (
	"context"
	"fmt"
	"sync"
	"time"
)

var otherPeers = []peer{
	{"**msalcae**", oursApp},
	{oauth2Name, xOAuth2},
	{"ghinstallation", ghInstallation},
	{"cloud.google.com/go/auth", googleAuth},
	{"azcore + azidentity", azCore},
	{"kiota-http-go + azidentity", kiota},
}

// coldStart gives the first caller 30 ms where a token takes 300 ms, and lets
// another come while it waits.
func coldStart(r *report, _ settings) {
	for _, p := range otherPeers {
		tokens := &sts{latency: 300 * time.Millisecond}
		call := p.make(canned{}, tokens)
		var wg sync.WaitGroup
		wg.Go(func() {
			time.Sleep(10 * time.Millisecond)
			must(call(context.Background()))
		})
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Millisecond)
		start := time.Now()
		err := call(ctx)
		waited := time.Since(start)
		cancel()
		wg.Wait()
		outcome := "no error"
		if err != nil {
			outcome = "an error"
		}
		r.row(p.name, fmt.Sprintf("%s after %d ms; %d token requests", outcome, waited.Milliseconds(), tokens.requests.Load()))
	}
}
