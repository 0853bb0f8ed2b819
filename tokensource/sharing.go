package tokensource

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/msalcae/msalcae"
)

// leaseWait is how long a flight waits for another process that asks Entra for
// the same; then it asks for itself.
const leaseWait = 2 * time.Second

// maxTold is how many of the tokens that it voided a source tells its store.
const maxTold = 8

// errLeased ends a background refresh that another process is busy with.
var errLeased = errors.New("msalcae: another process is refreshing the token")

// share obtains a token for f: another's from the source's store, or by ask,
// which no other process does at the same time if the store can be used, and
// whose result is shared.
func (s *Source) share(f *flight, wait time.Duration, silent bool, ask func() (*msalcae.Token, error)) (*entry, error) {
	ctx := context.Background()
	r, end, err := s.flow.store.lease(ctx, f.purpose.lease(), wait, s.report(f), func(r record) bool { return s.concerns(f, r) })
	if err == nil {
		e, err := s.take(f, r)
		if e != nil || err != nil {
			if end != nil {
				end(ctx, news{trace: f.trace})
			}
			return e, err
		}
	}
	if err == nil || errors.Is(err, errBusy) {
		f.asked = r.version + 1
	}
	if errors.Is(err, errBusy) && s.abandon(f) {
		return nil, errLeased
	}
	start := time.Now()
	tok, err := ask()
	var print fingerprint
	if err == nil {
		print = fingerprintOf(tok.Value)
	}
	if end == nil {
		end = s.flow.store.tell
	}
	if r, failed := end(ctx, s.outcome(f, tok, print, err, silent)); failed == nil {
		s.learn(f, r)
	}
	e, err := s.land(f, tok, print, err, silent)
	reportAcquired(f, start, e, err)
	return e, err
}

// lease names what a lease for p is for.
func (p purpose) lease() string {
	if p.prompt {
		return "prompt"
	}
	return [...]string{"any token", "new token", "renewal ", "step-up "}[p.kind] + p.substance
}

// abandon takes f off the list, so that nobody joins it, if it is a refresh that
// nobody waits for.
func (s *Source) abandon(f *flight) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.waiters.Load() > 0 || f.prompts() {
		return false
	}
	s.leave(f)
	return true
}

// report is what the store is told before f asks Entra.
func (s *Source) report(f *flight) news {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.era != s.state.era {
		return news{trace: f.trace}
	}
	return s.state.unshared(f.trace)
}

// unshared is what challenges have told the source.
func (st *state) unshared(trace *msalcae.Trace) news {
	st.untold = false
	return news{voided: slices.Clone(st.refusals), pending: st.pending, refused: st.refusedAsked, trace: trace}
}

// tellLater tells the store of a challenge that no flight takes to it. The
// caller holds s.mu.
func (s *Source) tellLater(trace *msalcae.Trace) {
	if s.state.untold {
		n := s.state.unshared(trace)
		go s.flow.store.tell(context.Background(), n)
	}
}

// outcome is what the store is told after f has asked.
func (s *Source) outcome(f *flight, tok *msalcae.Token, print fingerprint, err error, silent bool) news {
	n := news{trace: f.trace, renews: f.renews}
	if err == nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		t := &sharedToken{token: tok, print: print, demand: f.demand, asked: f.asked, stepUp: f.stepUp, silent: silent}
		if last := s.state.lastRenewal(); last != nil && last.order < f.order {
			t.renewed, t.renewal = last.asked, last.demand
		}
		if f.era == s.state.era {
			n.token = t
		}
		return n
	}
	if d := entraClaims(err); d != nil && !f.stepUp && !f.prompts() && errors.Is(err, msalcae.ErrInteractionRequired) {
		n.pending, n.refused = d.over(f.demand), f.asked
	}
	if !errors.Is(err, msalcae.ErrInteractionRequired) {
		n.pause = pauseAfter(err)
	}
	return n
}

// concerns reports whether r has a token for f, or says that f asks for too
// little or too early.
func (s *Source) concerns(f *flight, r record) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	return s.pick(f, r, now) != nil || s.challenged(r) || r.paused.After(now)
}

// challenged reports whether r holds a challenge that the source has not met.
func (s *Source) challenged(r record) bool {
	pending := s.state.pending
	if r.pending != nil && (pending == nil || !pending.covers(r.pending) && !pending.conflicts(r.pending)) {
		return true
	}
	cur := s.current.Load()
	return cur != nil && r.isVoid(cur.print)
}

// take uses r for f before Entra is asked. It returns a token, an error that
// ends f, or neither: then Entra is to be asked.
func (s *Source) take(f *flight, r record) (*entry, error) {
	more := s.learn(f, r)
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if f.era != s.state.era || more {
		s.leave(f)
		return nil, errSuperseded
	}
	t := s.pick(f, r, now)
	switch {
	case t != nil:
		s.leave(f)
		return s.publish(f, t.entry(f)), nil
	case r.paused.After(now) && !f.prompts():
		s.leave(f)
		return nil, &pausedError{r.paused.Sub(now), "Entra asked another process to wait", nil}
	}
	return nil, nil
}

// learn takes account of what r says was voided, asked for and obtained for
// step-ups elsewhere, and reports whether the next token must satisfy more now.
func (s *Source) learn(f *flight, r record) (more bool) {
	s.mu.Lock()
	st := &s.state
	if f.era != st.era {
		s.mu.Unlock()
		return false
	}
	before := st.epoch
	for _, v := range r.voided {
		if !s.flow.voids.has(v.print) {
			s.flow.voids.add(v.print, v.until)
		}
	}
	dropped := s.dropVoided()
	if r.pending != nil {
		st.demandMore(r.pending)
	}
	for _, t := range r.tokens {
		if t.stepUp && s.holding(t.token.Value) == nil && t.serves(time.Now(), 0) {
			st.kept = push(st.kept, t.entry(f), maxKept)
		}
	}
	more = st.epoch != before
	s.mu.Unlock()
	if dropped != nil {
		aside(func() {
			traceRejected(context.Background(), msalcae.TokenRequest{Claims: r.pending.claimsIfAny(), Trace: f.trace}, dropped)
		})
	}
	return more
}

// pick returns the token of r that makes it needless to ask for f.
func (s *Source) pick(f *flight, r record, now time.Time) *sharedToken {
	cur := s.current.Load()
	for i, t := range slices.Backward(r.tokens) {
		switch {
		case !t.serves(now, f.ttl), s.flow.voids.has(t.print), t.token.Value == f.rejected, t.token.Value == f.evict:
			continue
		case f.stepUp:
			if t.asked > f.refused && t.demand.covers(f.demand) {
				return &r.tokens[i]
			}
			continue
		case i < len(r.tokens)-1:
			continue // kept for step-ups only
		case f.renews && !t.answers(f.demand, f.refused):
			continue
		case !f.renews && cur != nil && (t.print == cur.print || !t.token.ExpiresOn.After(cur.tok.ExpiresOn)):
			continue
		}
		return &r.tokens[i]
	}
	return nil
}

// serves reports whether t may be sent with at least ttl to live.
func (t *sharedToken) serves(now time.Time, ttl time.Duration) bool {
	return t.token.ExpiresOn.IsZero() || t.token.ExpiresOn.After(now.Add(max(sendMargin, ttl)))
}

// entry is t as if f had brought it.
func (t *sharedToken) entry(f *flight) *entry {
	e := newEntry(t.token, t.print, &flight{order: f.order, asked: t.asked, demand: t.demand.over(t.renewal)}, t.silent)
	e.newborn = false
	if t.renewed > 0 {
		e.since = &entry{tok: t.token, order: f.order, asked: t.renewed, demand: t.renewal}
	}
	return e
}
