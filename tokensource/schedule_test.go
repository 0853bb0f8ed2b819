package tokensource

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/msalcae/msalcae"
)

// TestSoakSchedules runs random schedules of callers, revocations, step-ups,
// prompts and failures in virtual time and checks what a Source promises
// against world, a model of Entra and an API. MSALCAE_SOAK sets the number of
// schedules, MSALCAE_SEED the first seed, which a failure prints.
func TestSoakSchedules(t *testing.T) {
	schedules, seed := 600, uint64(1)
	if n, err := strconv.Atoi(os.Getenv("MSALCAE_SOAK")); err == nil {
		schedules, seed = n, rand.Uint64()
	}
	if n, err := strconv.ParseUint(os.Getenv("MSALCAE_SEED"), 10, 64); err == nil {
		seed = n
	}
	for i := range schedules {
		seed := seed + uint64(i)
		synctest.Test(t, func(t *testing.T) {
			w := &world{seed: seed, grants: map[string]*grant{}, voided: map[string]time.Time{}}
			w.run(t)
			for _, complaint := range w.complaints {
				t.Errorf("MSALCAE_SEED=%d: %s", seed, complaint)
			}
		})
		if t.Failed() {
			return
		}
	}
}

// grant is an access token as the model knows it.
type grant struct {
	issued time.Time
	acrs   string
}

// world is the reference model: what Entra and the API hold true. All of its
// methods are called in virtual time, without a lock held across it.
type world struct {
	mu         sync.Mutex
	seed       uint64
	asked      int // times that Entra was asked
	faults     bool
	rotten     bool      // the session is gone until somebody signs in
	endings    int       // of sessions
	validFrom  time.Time // tokens issued before are revoked
	approved   map[string]bool
	grants     map[string]*grant
	voided     map[string]time.Time // when a challenge for it reached the source
	budget     int                  // token requests that are justified
	expected   map[string]bool
	complaints []string
}

// dice are the random choices of one actor: an actor of its own for each, so
// that a seed means the same schedule in whatever order goroutines run.
func (w *world) dice(actor string, n int) *rand.Rand {
	h := fnv.New64a()
	fmt.Fprint(h, actor, n)
	return rand.New(rand.NewPCG(w.seed, h.Sum64()))
}

func nap(r *rand.Rand, most time.Duration) { time.Sleep(time.Duration(r.Int64N(int64(most)))) }

func (w *world) complain(format string, args ...any) {
	w.mu.Lock()
	w.complaints = append(w.complaints, fmt.Sprintf(format, args...))
	w.mu.Unlock()
}

// justify allows one token request for a reason that was not there before.
func (w *world) justify(reason string) {
	if !w.expected[reason] {
		w.expected[reason] = true
		w.budget++
	}
}

// issue gives a token for the claims, as Entra would.
func (w *world) issue(claims string) *msalcae.Token {
	d, _ := parseDemand(orObject(claims))
	g := &grant{issued: time.Now(), acrs: acrsOf(d)}
	value := fmt.Sprintf("token-%d", len(w.grants))
	w.grants[value] = g
	return &msalcae.Token{Value: value, ExpiresOn: time.Now().Add(24 * time.Hour)}
}

// ask counts what Entra is asked, and gives the dice for its answer.
func (w *world) ask() *rand.Rand {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked++
	return w.dice("entra", w.asked)
}

func (w *world) silent(ctx context.Context, req msalcae.TokenRequest) (*msalcae.Token, error) {
	r := w.ask()
	nap(r, 2*time.Second)
	w.mu.Lock()
	defer w.mu.Unlock()
	d, _ := parseDemand(orObject(req.Claims))
	switch {
	case w.faults && r.IntN(4) == 0:
		return nil, [...]error{errors.New("network"), &msalcae.Error{Status: 503}, &msalcae.Error{Status: 429, RetryAfter: time.Minute}}[r.IntN(3)]
	case w.rotten:
		return nil, sessionOver
	case acrsOf(d) != "" && !w.approved[acrsOf(d)]:
		return nil, interaction
	}
	return w.issue(req.Claims), nil
}

func (w *world) prompt(ctx context.Context, req msalcae.TokenRequest) (*msalcae.Token, error) {
	r := w.ask()
	nap(r, 3*time.Minute)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.faults && r.IntN(3) == 0 {
		return nil, &msalcae.Error{Code: "access_denied"}
	}
	w.rotten = false
	d, _ := parseDemand(orObject(req.Claims))
	w.approved[acrsOf(d)] = true
	return w.issue(req.Claims), nil
}

// api answers a call as a Graph-like API would: "" or a claims challenge.
func (w *world) api(value, needs string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	g := w.grants[value]
	switch {
	case g.issued.Before(w.validFrom):
		w.justify("revocation at " + w.validFrom.String())
		return nbf(int(time.Now().UnixNano() % 1e6))
	case needs != "" && g.acrs != needs:
		w.justify("step-up to " + needs + " after " + w.validFrom.String())
		return acrs(needs)
	}
	return ""
}

// call is one request through a Transport: a send and at most one replay.
func (w *world) call(s *Source, needs string, patience time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	start := time.Now()
	defer func() {
		if late := time.Since(start) - patience; late > time.Millisecond {
			w.complain("a caller left %s after its deadline", late)
		}
	}()
	tok := w.token(ctx, s, msalcae.TokenRequest{})
	if tok == nil {
		return
	}
	claims := w.api(tok.Value, needs)
	if claims == "" {
		return
	}
	if d, _ := parseDemand(claims); !d.stepUp() {
		w.mu.Lock()
		if _, known := w.voided[tok.Value]; !known {
			w.voided[tok.Value] = time.Now()
		}
		w.mu.Unlock()
	}
	if tok = w.token(ctx, s, msalcae.TokenRequest{Claims: claims, Rejected: tok.Value}); tok != nil {
		if again := w.api(tok.Value, needs); again != "" {
			s.Refused(tok.Value, again)
		}
	}
}

func (w *world) token(ctx context.Context, s *Source, req msalcae.TokenRequest) *msalcae.Token {
	start := time.Now()
	w.mu.Lock()
	alive, endings := !w.rotten, w.endings
	w.mu.Unlock()
	tok, err := s.Token(ctx, req)
	w.mu.Lock()
	defer w.mu.Unlock()
	if waited := time.Since(start); waited > 10*time.Second && alive && w.endings == endings && !w.faults && req.Claims == "" {
		w.complaints = append(w.complaints, fmt.Sprintf("an ordinary call waited %s, as for a prompt", waited))
	}
	switch {
	case err != nil && tok != nil, err == nil && tok == nil:
		w.complaints = append(w.complaints, "neither a token nor an error, or both")
	case err == nil:
		if at, ok := w.voided[tok.Value]; ok && start.After(at) {
			w.complaints = append(w.complaints, tok.Value+" was returned after it was voided")
		}
	case !w.faults && ctx.Err() == nil:
		w.complaints = append(w.complaints, "without faults: "+err.Error())
	}
	return tok
}

func (w *world) run(t *testing.T) {
	w.approved, w.expected, w.budget = map[string]bool{"": true}, map[string]bool{}, 1
	r := w.dice("schedule", 0)
	w.faults = r.IntN(2) == 0
	prompting := r.IntN(10) < 7
	s := newSource(flow{acquire: w.silent})
	if prompting {
		s = newSource(flow{acquire: w.silent, prompt: w.prompt, gate: newGate()})
	}
	s.ChallengesPerMinute = -1
	var callers sync.WaitGroup
	for n := range 5 + r.IntN(20) {
		callers.Go(func() {
			r, needs := w.dice("caller", n), ""
			if prompting && r.IntN(10) < 3 {
				needs = fmt.Sprintf("c%d", 1+r.IntN(3))
			}
			patience := time.Duration(1+r.IntN(600)) * time.Second
			for range 5 {
				nap(r, time.Minute)
				w.call(s, needs, patience)
			}
		})
	}
	for range r.IntN(4) { // revocations, some of which end the session
		nap(r, time.Minute)
		w.mu.Lock()
		w.validFrom = time.Now().Add(time.Nanosecond)
		if prompting && r.IntN(2) == 0 {
			w.rotten = true
			w.endings++
		}
		w.mu.Unlock()
	}
	callers.Wait()
	time.Sleep(10 * time.Minute) // flights nobody waits for end by themselves
	synctest.Wait()
	if granted := len(w.grants); !w.faults && granted > w.budget {
		w.complain("%d tokens obtained for %d reasons", granted, w.budget)
	}
}

func acrsOf(d demand) string {
	var object struct{ Value string }
	_ = json.Unmarshal([]byte(d["acrs"].text), &object)
	return object.Value
}

func orObject(claims string) string {
	if claims == "" {
		return "{}"
	}
	return claims
}
