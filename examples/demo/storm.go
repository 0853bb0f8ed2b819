package main

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/msalcae/msalcae/entratest"
)

const (
	stormTime = 50 * time.Millisecond  // in which the daemon begins its calls
	distance  = 100 * time.Millisecond // that the API takes to answer each
)

// daemonStorm is scene d: many calls of a daemon are under way when its token
// is revoked. Each of them is refused, and they share one token request.
func daemonStorm(ctx context.Context, s *stage) (report, error) {
	client, err := s.daemon()
	if err != nil {
		return report{}, err
	}
	if err := s.first(ctx, client, "/users"); err != nil {
		return report{}, err
	}
	s.story.tell("admin", "revokes what the daemon's tokens rest on")
	s.entra.Revoke(s.entra.ClientID())
	s.entra.FailAPI(s.n, entratest.Fault{Delay: distance})

	s.story.tell("daemon", "reads /users %d times at once, with the same http.Client:", s.n)
	return s.measure(func() (int, error) { return s.storm(ctx, client) }), nil
}

// storm makes n calls within stormTime and returns the status that all of them ended
// with, or the first that was not 200.
func (s *stage) storm(ctx context.Context, client *http.Client) (int, error) {
	statuses, errs := make([]int, s.n), make([]error, s.n)
	var callers sync.WaitGroup
	for i := range s.n {
		start := time.Duration(s.rand.Int64N(int64(stormTime)))
		callers.Add(1)
		go func() {
			defer callers.Done()
			time.Sleep(start)
			statuses[i], errs[i] = get(ctx, client, s.entra.API()+"/users")
		}()
	}
	callers.Wait()
	for i, status := range statuses {
		if errs[i] != nil || status != http.StatusOK {
			return status, errs[i]
		}
	}
	return http.StatusOK, nil
}
