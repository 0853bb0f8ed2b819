package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/entratest"
)

// A stage is what a scene plays on: a local Entra ID of its own, and somebody
// who tells what happens.
type stage struct {
	entra   *entratest.Server
	story   story
	rand    *rand.Rand
	n       int // concurrent calls of the daemon
	replays atomic.Int64
}

// transport returns a Transport that sends the tokens of source.
func (s *stage) transport(source msalcae.TokenSource) *msalcae.Transport {
	return &msalcae.Transport{
		Source: source,
		Base:   s.entra.Client().Transport, // trusts the local certificate
		Trace: &msalcae.Trace{
			Replayed: func(context.Context, msalcae.ReplayedInfo) { s.replays.Add(1) },
		},
	}
}

// watch does something and prints what it sent over the wire.
func (s *stage) watch(do func()) {
	start := time.Now()
	do()
	s.story.wire(slices.DeleteFunc(s.entra.Log(), func(r entratest.Request) bool { return r.Time.Before(start) }))
}

// measure makes the challenged call of a scene and reports how it ended and
// what it took.
func (s *stage) measure(call func() (status int, err error)) report {
	before, replays := s.entra.Stats(), s.replays.Load()
	var status int
	var err error
	s.watch(func() { status, err = call() })
	cost := s.entra.Stats().Sub(before)

	r := report{
		Status:        status,
		Challenges:    cost.Challenges,
		TokenRequests: cost.TokenRequests,
		Prompts:       cost.Prompts,
		Replays:       int(s.replays.Load() - replays),
		APICalls:      cost.APICalls,
	}
	if err != nil {
		r.Error = err.Error()
		if challenge := new(msalcae.ChallengeError); errors.As(err, &challenge) {
			r.Status = challenge.Response.StatusCode
		}
	}
	s.story.summary(r)
	return r
}

// first makes the call that succeeds before anything has happened.
func (s *stage) first(ctx context.Context, client *http.Client, path string) error {
	status, err := get(ctx, client, s.entra.API()+path)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("the first call was answered with %d", status)
	}
	return err
}
