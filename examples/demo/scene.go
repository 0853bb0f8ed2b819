package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"

	"github.com/msalcae/msalcae/entratest"
)

// A scene is one part of the story. Its play returns how the challenged call
// ended, and an error if the scene could not be played.
type scene struct {
	name  string // a to f
	title string
	want  int // HTTP status that the challenged call ends with
	play  func(context.Context, *stage) (report, error)
}

var scenes = []scene{
	{"a", "A policy changes while a user reads /me", 200, policyMoves},
	{"b", "An administrator revokes the user's sessions", 200, sessionRevoked},
	{"c", "A policy changes while a user sends a message", 201, bodyReplayed},
	{"d", "One revocation hits all concurrent calls of a daemon", 200, daemonStorm},
	{"e", "The API wants a stronger sign-in", 200, stepUp},
	{"f", "Nobody is there to sign in", 401, nobodyThere},
}

// A report is what a scene came to. The counters are those of the local Entra
// ID and its API, and cover the challenged calls alone: what it took to get
// into the scene, such as the first sign-in, is not in them.
type report struct {
	Scenario      string `json:"scenario"`
	Status        int    `json:"status"`         // HTTP status that the caller saw in the end
	Challenges    int    `json:"challenges"`     // 401 answers with a claims challenge
	TokenRequests int    `json:"token_requests"` // POSTs to the token endpoint, refused ones too
	Prompts       int    `json:"prompts"`        // sign-ins of a person
	Replays       int    `json:"replays"`        // requests that were sent a second time
	APICalls      int    `json:"api_calls"`      // requests that reached the API
	Error         string `json:"error"`          // what the caller got instead of a response
}

// run plays the scene on a local Entra ID of its own.
func (sc scene) run(ctx context.Context, out io.Writer, n int, seed uint64) (report, error) {
	entra := entratest.NewServer()
	defer entra.Close()
	entra.SetSeed(seed)
	s := &stage{entra: entra, n: n, rand: rand.New(rand.NewPCG(seed, 0)), story: story{out}}

	s.story.title(sc.name, sc.title)
	r, err := sc.play(ctx, s)
	if err != nil {
		return report{}, err
	}
	r.Scenario = sc.name
	if r.Status != sc.want {
		return report{}, fmt.Errorf("the call ended with status %d, not %d: %s", r.Status, sc.want, r.Error)
	}
	return r, nil
}
