package engine

import (
	"context"
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

// TestSoakSchedules runs random schedules of callers, revocations, policies,
// step-ups, prompts, sign-outs and failures in virtual time and checks what
// Sources promise against a world. MSALCAE_SOAK sets the number of schedules,
// MSALCAE_SEED the first seed, which a failure prints.
func TestSoakSchedules(t *testing.T) {
	schedules, seed := 2000, uint64(1)
	if testing.Short() {
		schedules = 300
	}
	if n, err := strconv.Atoi(os.Getenv("MSALCAE_SOAK")); err == nil {
		schedules, seed = n, rand.Uint64()
	}
	if n, err := strconv.ParseUint(os.Getenv("MSALCAE_SEED"), 10, 64); err == nil {
		seed = n
	}
	t.Logf("seeds from %d", seed)
	const workers = 2
	for worker := range workers {
		t.Run(fmt.Sprint(worker), func(t *testing.T) {
			t.Parallel()
			for i := worker; i < schedules && !t.Failed(); i += workers {
				seed := seed + uint64(i)
				synctest.Test(t, func(t *testing.T) {
					for _, complaint := range run(seed) {
						t.Errorf("MSALCAE_SEED=%d MSALCAE_SOAK=1: %s", seed, complaint)
					}
				})
			}
		})
	}
}

// A schedule is one run: Sources, and those who use and disturb them.
type schedule struct {
	seed uint64
	all  []*played

	mu         sync.Mutex
	world      *world
	asked      int  // times that Entra or a person was asked
	calm       bool // nothing happens any more
	strict     bool // what Entra is asked is counted
	endings    int  // of sessions
	left       int  // callers who did not wait for the end
	relieved   int  // refusals that somebody's sign-in has made a source forget
	reasons    map[string]bool
	complaints []string
}

// A played Source, with what the schedule knows of it.
type played struct {
	*source
	name     string
	voided   map[string]time.Time // when a challenge for it reached the client's sources
	alone    bool                 // in its process, so that nobody else voids its tokens
	last     *msalcae.Token       // that it gave an ordinary call at once, unless one was voided since; guarded by schedule.mu
	stepping map[string]int       // callers who wait for a step-up, by what it is for; "" for others
	eras     int                  // how often it was forgotten or signed in from outside
}

// serves reports whether p has a token in use that an ordinary call gets
// without any wait.
func (p *played) serves(req msalcae.TokenRequest) bool {
	return p.alone && p.last != nil && req.Claims == "" && req.MinTTL == 0 && time.Until(p.last.ExpiresOn) > sendMargin
}

// dice are the random choices of one actor: an actor of its own for each, so
// that a seed means the same schedule in whatever order goroutines run.
func (s *schedule) dice(actor string, n int) *rand.Rand {
	h := fnv.New64a()
	fmt.Fprint(h, actor, n)
	return rand.New(rand.NewPCG(s.seed, h.Sum64()))
}

func nap(r *rand.Rand, most time.Duration) { time.Sleep(time.Duration(r.Int64N(int64(most)))) }

func (s *schedule) complain(format string, args ...any) {
	s.complaints = append(s.complaints, fmt.Sprintf(format, args...))
}

// because allows one token request for a reason that was not there before.
func (s *schedule) because(format string, args ...any) {
	s.reasons[fmt.Sprintf(format, args...)] = true
}

func (s *schedule) ask() *rand.Rand {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	return s.dice("entra", s.asked)
}

func (s *schedule) silent(_ context.Context, req msalcae.TokenRequest) (*msalcae.Token, error) {
	r := s.ask()
	nap(r, 2*time.Second)
	s.mu.Lock()
	defer s.mu.Unlock()
	if req.Rejected != "" && req.Claims == "" {
		s.complain("a cache was asked that may have a refused token")
	}
	return s.world.silent(r, req)
}

func (s *schedule) prompt(ctx context.Context, req msalcae.TokenRequest) (*msalcae.Token, error) {
	r := s.ask()
	nap(r, 3*time.Minute)
	s.mu.Lock()
	if !s.world.faults || r.IntN(6) > 0 {
		defer s.mu.Unlock()
		return s.world.prompt(r, req)
	}
	s.mu.Unlock()
	<-ctx.Done() // the page was closed without a word
	return nil, ctx.Err()
}

// call is one request through a Transport: a send and at most one replay.
func (s *schedule) call(r *rand.Rand, p *played, needs string, patience time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	start := time.Now()
	var req msalcae.TokenRequest
	if !s.strict {
		req = msalcae.TokenRequest{NoPrompt: r.IntN(5) == 0, MinTTL: time.Duration(max(0, r.IntN(200)-150)) * time.Minute}
	}
	tok := s.token(ctx, p, req)
	if tok != nil {
		if claims := s.send(p, tok, needs); claims != "" {
			req.Claims, req.Rejected = claims, tok.Value
			if tok = s.token(ctx, p, req); tok != nil {
				if again := s.send(p, tok, needs); again != "" {
					p.Refused(tok.Value, again)
				}
			}
		}
	}
	if late := time.Since(start) - patience; late > time.Millisecond {
		s.mu.Lock()
		s.complain("a caller left %s after its deadline", late)
		s.mu.Unlock()
	}
}

// send calls the API, which answers "" or a claims challenge.
func (s *schedule) send(p *played, tok *msalcae.Token, needs string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	claims := s.world.api(tok.Value, needs)
	d, _ := ParseDemand(orObject(claims))
	switch {
	case claims == "":
	case d.stepUp():
		s.because("%s: step-up to %s after %d voids, era %d", p.name, needs, len(p.voided), p.eras)
	default:
		s.because("%s: %s after %s", p.name, d.substance(), s.world.validFrom)
		if _, known := p.voided[tok.Value]; !known {
			p.voided[tok.Value] = time.Now()
			for needs := range p.stepping { // what it overtakes is asked for again
				s.because("%s: step-up to %s after %d voids, era %d", p.name, needs, len(p.voided), p.eras)
			}
		}
		p.last = nil
	}
	return claims
}

// token asks p for a token and looks at what comes.
func (s *schedule) token(ctx context.Context, p *played, req msalcae.TokenRequest) *msalcae.Token {
	start := time.Now()
	needs := asking(req.Claims).acrs
	s.mu.Lock()
	before, serves := p.last, p.serves(req)
	p.stepping[needs]++
	s.mu.Unlock()
	tok, err := p.Token(ctx, req)
	s.mu.Lock()
	defer s.mu.Unlock()
	if ctx.Err() != nil {
		s.left++
	}
	if p.stepping[needs]--; p.stepping[needs] == 0 {
		delete(p.stepping, needs)
	}
	if ctx.Err() != nil && req.Rejected == "" && req.MinTTL == 0 {
		if e := p.current.Load(); e != nil && e.age(time.Now()) > 0 && e.serves(time.Now().UnixNano(), 0) && !p.flow.Voids.Has(e.print) {
			s.complain("a caller left without %s, in use for %s", e.tok.Value, e.age(time.Now()))
		}
	}
	if waited := time.Since(start); waited > 0 && serves && p.last == before && p.serves(req) {
		s.complain("an ordinary call waited %s, with a token in use", waited)
	}
	switch {
	case err != nil && tok != nil, err == nil && tok == nil:
		s.complain("neither a token nor an error, or both")
	case err == nil:
		at, voided := p.voided[tok.Value]
		if voided && start.After(at) {
			s.complain("%s was returned after it was voided", tok.Value)
		}
		if req.Claims == "" && !voided && time.Since(start) == 0 {
			p.last = tok
		}
		if req.Rejected == tok.Value {
			s.complain("the rejected %s was returned", tok.Value)
		}
		if !time.Now().Before(tok.ExpiresOn) {
			s.complain("%s was returned after its end", tok.Value)
		}
	case s.calm, !s.world.faults && ctx.Err() == nil && !req.NoPrompt && p.flow.Prompt != nil:
		s.complain("without a fault: %s", err)
	}
	return tok
}
