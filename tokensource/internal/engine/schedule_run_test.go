package engine

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing/synctest"
	"time"
)

// run plays the schedule of seed and returns what was wrong with it.
func run(seed uint64) []string {
	s := &schedule{seed: seed, reasons: map[string]bool{}}
	r := s.dice("schedule", 0)
	s.strict = r.IntN(2) == 0
	s.world = &world{
		faults: r.IntN(2) == 0, stale: r.IntN(2) == 0, life: 24 * time.Hour, approved: map[string]bool{"": true},
		satisfied: map[string]bool{}, grants: map[string]*grant{},
	}
	pause := time.Minute // between calls
	if !s.strict {
		s.world.life = []time.Duration{4 * time.Minute, time.Hour, 24 * time.Hour}[r.IntN(3)]
		s.world.early = r.IntN(2) == 0
		pause = s.world.life / time.Duration(1+r.IntN(20))
	}
	prompts := r.IntN(10) < 7
	s.sources(r, prompts)
	var callers sync.WaitGroup
	for n := range 5 + r.IntN(15) {
		callers.Go(func() {
			r, needs := s.dice("caller", n), ""
			if prompts && r.IntN(10) < 3 {
				needs = fmt.Sprintf("c%d", 1+r.IntN(3))
			}
			p := s.all[r.IntN(len(s.all))]
			patience := time.Duration(1+r.IntN(600)) * time.Second
			for range 5 {
				nap(r, pause)
				s.call(r, p, needs, patience)
			}
		})
	}
	for range r.IntN(5) {
		nap(r, pause)
		s.disturb(r, prompts)
	}
	callers.Wait()
	time.Sleep(15 * time.Minute) // flights nobody waits for end by themselves
	s.settle(prompts)
	synctest.Wait()
	return s.complaints
}

// sources makes those of one or two clients, which may be processes that share
// a store.
func (s *schedule) sources(r *rand.Rand, prompts bool) {
	gate := NewGate()
	var shared *memoryStore
	if r.IntN(3) == 0 {
		shared = newMemoryStore()
		shared.life = 3 * time.Second
		if s.world.faults {
			shared.broken = func(string) error {
				if r := s.ask(); r.IntN(3) == 0 {
					nap(r, 100*time.Millisecond)
					return errStoreDown
				}
				return nil
			}
		}
	}
	for client := range 1 + r.IntN(2) {
		voids, voided := NewVoids(), map[string]time.Time{}
		if shared != nil {
			voids = NewSharedVoids()
		}
		sources := 1 + r.IntN(2)
		for n := range sources {
			f := Flow{Acquire: s.silent, Voids: voids}
			if prompts {
				f.Prompt, f.Gate = s.prompt, gate
			}
			if shared != nil && n == 0 {
				f.Store = Guarded(shared, storeLimit, nil)
			}
			p := &played{source: newSource(f), name: fmt.Sprint(client, n), voided: voided, stepping: map[string]int{}, alone: sources == 1 && f.Store == nil}
			p.ChallengesPerMinute = -1
			s.because("%s: none yet", p.name)
			s.all = append(s.all, p)
		}
	}
}

// disturb is an event: Entra's, the person's or the program's.
func (s *schedule) disturb(r *rand.Rand, prompts bool) {
	p := s.all[r.IntN(len(s.all))]
	s.mu.Lock()
	w := s.world
	what := r.IntN(10)
	switch {
	case what < 5:
		w.validFrom = time.Now().Add(time.Nanosecond)
		if prompts && r.IntN(2) == 0 {
			w.rotten = true
			s.endings++
		}
	case what < 7:
		w.policy = fmt.Sprintf("p%d", 1+r.IntN(3))
	}
	s.mu.Unlock()
	switch what {
	case 7:
		s.begin(p)
		p.Forget()
		s.mu.Lock()
		p.last = nil // what a call got in between
		s.mu.Unlock()
	case 8:
		s.begin(p)
		claims := p.PendingClaims()
		s.mu.Lock()
		tok := w.issue(asking(claims))
		w.granted--
		s.mu.Unlock()
		p.Adopt(tok, claims)
	case 9:
		s.mu.Lock()
		s.relieved += 1 + len(p.stepping)
		s.mu.Unlock()
		p.Relieve()
	}
}

// begin notes that what p had is gone, and what is under way for it.
func (s *schedule) begin(p *played) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p.eras++
	p.last = nil
	for n := range 3 {
		s.because("%s: era %d, %d", p.name, p.eras, n)
	}
}

// settle ends all disturbances: after them, every source serves, and Entra was
// asked no more than there were reasons.
func (s *schedule) settle(prompts bool) {
	s.mu.Lock()
	if w := s.world; s.strict && !w.faults {
		// Somebody's sign-in lets the next caller ask silently while a prompt
		// for the same is open, and both may bring a token.
		if most := len(s.reasons) + s.relieved; w.granted > most {
			s.complain("%d tokens obtained for %d reasons", w.granted, most)
		}
		// A prompt that had to wait for another asks silently once more, and
		// so does the next caller when a prompt was given up in the queue
		// because all who waited for it had left.
		if most := len(s.reasons) + s.endings*len(s.all) + w.prompted + s.relieved + s.left; w.refused > most {
			s.complain("%d token requests refused for %d reasons", w.refused, most)
		}
		if w.prompted > len(s.reasons) {
			s.complain("%d prompts for %d reasons", w.prompted, len(s.reasons))
		}
	}
	s.world.faults, s.world.rotten = false, false
	s.mu.Unlock()
	time.Sleep(2 * loopPause)
	s.mu.Lock()
	s.calm = true
	s.mu.Unlock()
	for n, p := range s.all {
		for range 3 { // a refused token may need a second call
			s.call(s.dice("last", n), p, "", 10*time.Minute)
		}
		s.mu.Lock()
		if p.last == nil || s.world.api(p.last.Value, "") != "" {
			s.complain("%s does not serve when all is calm", p.name)
		}
		s.mu.Unlock()
	}
	time.Sleep(15 * time.Minute)
}

type asked struct{ acrs, policy string }

func asking(claims string) (a asked) {
	var c struct {
		Access struct {
			Acrs     struct{ Value string }
			Capolids struct{ Values []string }
		} `json:"access_token"`
	}
	_ = json.Unmarshal([]byte(claims), &c)
	a.acrs = c.Access.Acrs.Value
	if len(c.Access.Capolids.Values) > 0 {
		a.policy = c.Access.Capolids.Values[0]
	}
	return a
}

func orObject(claims string) string {
	if claims == "" {
		return "{}"
	}
	return claims
}
