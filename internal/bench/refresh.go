package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/tokensource"
	"golang.org/x/oauth2"
)

// The peers with a token whose refresh is due, and which is good for a while.
var duePeers = []peer{
	{"**msalcae**", oursDue},
	{oauth2Name, oauth2Due},
	{"cloud.google.com/go/auth", googleDue},
	{"azcore", azCoreDue},
	{"MSAL Go by hand", byHandDue},
}

// oursDue waits until a refresh is due: a token of 26 s is refreshed after 13 s,
// and sent for 3 s more.
func oursDue(base http.RoundTripper, s *sts) caller {
	source := tokensource.New(func(context.Context, msalcae.TokenRequest) (*msalcae.Token, error) {
		value, err := s.next()
		if err != nil {
			return nil, &msalcae.Error{Status: http.StatusServiceUnavailable, Err: errors.New("503")}
		}
		return &msalcae.Token{Value: value, ExpiresOn: time.Now().Add(26 * time.Second)}, nil
	})
	call := over(&msalcae.Transport{Source: source, Base: base, Hosts: []string{"graph.microsoft.com"}})
	must(call(context.Background()))
	time.Sleep(13*time.Second + 100*time.Millisecond)
	return call
}

// googleDue has a token that ends within the time in which Google's auth
// refreshes.
func googleDue(base http.RoundTripper, s *sts) caller {
	source := &googleProvider{s, time.Minute}
	call := googleAuthOf(base, source)
	must(call(context.Background()))
	source.life = time.Hour
	return call
}

// oauth2Due has a token that x/oauth2 takes for expired.
func oauth2Due(base http.RoundTripper, s *sts) caller {
	due := &oauth2.Token{AccessToken: "due", Expiry: time.Now().Add(9 * time.Second)}
	return over(&oauth2.Transport{Source: oauth2.ReuseTokenSource(due, oauth2Source{s}), Base: base})
}

// azCoreDue waits until azcore looks at RefreshOn again: 30 s after it last
// asked.
func azCoreDue(base http.RoundTripper, s *sts) caller {
	call := azCoreWith(base, dueCredential{s})
	must(call(context.Background()))
	time.Sleep(30*time.Second + 100*time.Millisecond)
	return call
}

type dueCredential struct{ s *sts }

func (c dueCredential) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	value, err := c.s.next()
	return azcore.AccessToken{Token: value, RefreshOn: time.Now().Add(-time.Minute), ExpiresOn: time.Now().Add(time.Hour)}, err
}

func byHandDue(base http.RoundTripper, s *sts) caller {
	s.refreshIn = 1
	call := byHand(base, s)
	must(call(context.Background()))
	s.refreshIn = 0
	time.Sleep(1100 * time.Millisecond)
	return call
}

// refreshes calls with 8 workers while a refresh is due, and says how many
// requests waited for it; then once more, while the token service answers 503.
func refreshes(r *report, _ settings) {
	lines := make([][2]string, len(duePeers))
	var all sync.WaitGroup // getting there takes a while
	for i, p := range duePeers {
		for down := range 2 {
			all.Go(func() { lines[i][down] = due(p, down == 1) })
		}
	}
	all.Wait()
	for i, p := range duePeers {
		r.row(p.name, lines[i][0])
		r.row(p.name+", with 503", lines[i][1])
	}
}

func due(p peer, down bool) string {
	tokens := &sts{}
	call := p.make(canned{}, tokens)
	tokens.latency = 50 * time.Millisecond
	tokens.down.Store(down)
	before := tokens.requests.Load()
	var waited, failed atomic.Int64
	var workers sync.WaitGroup
	until := time.Now().Add(300 * time.Millisecond)
	for range 8 {
		workers.Go(func() {
			for time.Now().Before(until) {
				start := time.Now()
				if call(context.Background()) != nil {
					failed.Add(1)
				}
				if time.Since(start) > 25*time.Millisecond {
					waited.Add(1)
				}
				time.Sleep(time.Millisecond)
			}
		})
	}
	workers.Wait()
	return fmt.Sprintf("%d waited, %d failed; %d token requests", waited.Load(), failed.Load(), tokens.requests.Load()-before)
}
