package engine

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/msalcae/msalcae"
)

// A grant is an access token as Entra knows it.
type grant struct {
	issued   time.Time
	acrs     string
	policies map[string]bool
}

// A world is the reference model: what Entra, an API and a person at a browser
// do, in plain sequence. The schedule holds its lock around each step.
type world struct {
	faults bool          // networks fail, Entra throttles, people decline
	stale  bool          // MSAL's cache gives what it should not, and evicts nothing
	life   time.Duration // of access tokens
	early  bool          // they say when to refresh them, at half of it

	rotten    bool            // the session is gone until somebody signs in
	validFrom time.Time       // tokens issued before are revoked
	policy    string          // that tokens must have been obtained under; "": none
	approved  map[string]bool // authentication contexts that somebody has signed in for
	satisfied map[string]bool // policies that the session meets
	grants    map[string]*grant
	cached    []*msalcae.Token // in MSAL's cache
	granted   int
	refused   int
	prompted  int
}

// silent answers a token request, as Entra does, or MSAL's cache before it.
func (w *world) silent(r *rand.Rand, req msalcae.TokenRequest) (*msalcae.Token, error) {
	w.cached = slices.DeleteFunc(w.cached, func(t *msalcae.Token) bool {
		return time.Until(t.ExpiresOn) < 5*time.Minute || !w.stale && t.Value == req.Rejected
	})
	if req.Claims == "" && len(w.cached) > 0 && r.IntN(4) > 0 {
		return w.cached[r.IntN(len(w.cached))], nil
	}
	asked := asking(req.Claims)
	switch {
	case w.faults && r.IntN(4) == 0:
		return nil, [...]error{errors.New("network"), &msalcae.Error{Status: 503}, &msalcae.Error{Status: 500},
			&msalcae.Error{Status: 429, RetryAfter: time.Minute}, &msalcae.Error{Status: 400, Code: "invalid_request", AADSTS: []int{50196}}}[r.IntN(5)]
	case w.rotten:
		w.refused++
		return nil, sessionOver
	case asked.acrs != "" && !w.approved[asked.acrs]:
		w.refused++
		return nil, interaction
	}
	return w.issue(asked), nil
}

// prompt answers a person's sign-in.
func (w *world) prompt(r *rand.Rand, req msalcae.TokenRequest) (*msalcae.Token, error) {
	w.prompted++
	if w.faults && r.IntN(3) == 0 {
		return nil, [...]error{&msalcae.Error{Code: "access_denied"}, context.DeadlineExceeded, errors.New("no browser")}[r.IntN(3)]
	}
	asked := asking(req.Claims)
	w.rotten, w.approved[asked.acrs] = false, true
	return w.issue(asked), nil
}

func (w *world) issue(a asked) *msalcae.Token {
	w.granted++
	w.satisfied[a.policy] = true
	now := time.Now()
	g := &grant{issued: now, acrs: a.acrs, policies: map[string]bool{}}
	for p := range w.satisfied {
		g.policies[p] = true
	}
	tok := &msalcae.Token{Value: fmt.Sprintf("token-%d", len(w.grants)+1), ExpiresOn: now.Add(w.life)}
	if w.early {
		tok.RefreshOn = now.Add(w.life / 2)
	}
	w.grants[tok.Value] = g
	w.cached = append(w.cached, tok)
	return tok
}

// api answers a call: "" or a claims challenge.
func (w *world) api(value, needs string) string {
	g := w.grants[value]
	switch {
	case g.issued.Before(w.validFrom):
		return nbf(int(time.Now().UnixNano() % 1e6))
	case w.policy != "" && !g.policies[w.policy]:
		return capol(w.policy)
	case needs != "" && g.acrs != needs:
		return acrs(needs)
	}
	return ""
}
