package engine

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

// errLeased ends a background refresh that another process is busy with, and a
// prompt that nobody waits for any more.
var errLeased = errors.New("msalcae: another process is refreshing the token")

// share obtains a token for f: another's from the source's store, or by ask,
// which no other process does at the same time if the store can be used, and
// whose result is shared.
func (s *Source) share(f *flight, wait time.Duration, silent bool, ask func() (*msalcae.Token, error)) (*entry, error) {
	var end EndLease
	if s.flow.Store != nil {
		var e *entry
		var err error
		if e, end, err = s.lease(f, wait); e != nil || err != nil {
			return e, err
		}
	} else if f.prompts() && s.abandon(f) {
		return nil, errLeased
	}
	start := time.Now()
	tok, err := ask()
	var print Fingerprint
	if err == nil {
		print = s.flow.Voids.Fingerprint(tok.Value)
	}
	if end != nil {
		s.tell(f, end, s.outcome(f, tok, print, err, silent))
	}
	e, err := s.land(f, tok, print, err, silent)
	reportAcquired(f, start, e, err)
	return e, err
}

// lease asks the store whether f is to ask Entra: it has a token for f, or an error
// that ends f; or end tells it afterwards what came of f.
func (s *Source) lease(f *flight, wait time.Duration) (*entry, EndLease, error) {
	ctx := context.Background()
	r, end, err := s.flow.Store.Lease(ctx, f.purpose.lease(), wait, s.report(f), func(r Record) bool { return s.concerns(f, r) })
	done := func() {
		if end != nil {
			end(ctx, News{Trace: f.trace})
		}
	}
	if err == nil {
		e, err := s.take(f, r)
		if e != nil || err != nil {
			f.bringEarly(e, err)
			done()
			return e, nil, err
		}
	}
	busy := errors.Is(err, ErrBusy)
	if err == nil || busy {
		f.asked = r.Version + 1
	}
	if (busy || f.prompts()) && s.abandon(f) {
		done()
		return nil, nil, errLeased
	}
	if end == nil {
		end = s.flow.Store.Tell
	}
	return nil, end, nil
}

// tell tells the store by end what came of f, and takes account of what it says.
func (s *Source) tell(f *flight, end EndLease, n News) {
	r, err := end(context.Background(), n)
	if err != nil {
		return
	}
	s.learn(f, r)
	if f.prompts() {
		f.asked = r.Version
	}
}

// lease names what a lease for p is for.
func (p purpose) lease() string {
	if p.prompt {
		return "prompt"
	}
	return [...]string{"any token", "new token", "renewal ", "step-up "}[p.kind] + p.substance
}

// abandon takes f off the list, so that nobody joins it, if nobody waits for it.
func (s *Source) abandon(f *flight) bool {
	s.lock()
	defer s.unlock()
	if f.waiters.Load() > 0 {
		return false
	}
	s.leave(f)
	return true
}

// report is what the store is told before f asks Entra.
func (s *Source) report(f *flight) News {
	s.lock()
	defer s.unlock()
	if f.era != s.state.era {
		return News{Trace: f.trace}
	}
	return s.state.unshared(f.trace)
}

// unshared is what challenges have told the source.
func (st *state) unshared(trace *msalcae.Trace) News {
	st.untold = false
	return News{Voided: slices.Clone(st.refusals), Pending: st.wanted(), Refused: st.refusedAsked, Trace: trace}
}

// tellLater tells the store of a challenge that no flight takes to it. The
// caller holds s.mu.
func (s *Source) tellLater(trace *msalcae.Trace) {
	if s.state.untold {
		n := s.state.unshared(trace)
		go s.flow.Store.Tell(context.Background(), n)
	}
}

// outcome is what the store is told after f has asked. What a person's sign-in
// brings is as new as its end, whenever it began: the record says when that is.
func (s *Source) outcome(f *flight, tok *msalcae.Token, print Fingerprint, err error, silent bool) News {
	n := News{Trace: f.trace, Renews: f.renews}
	if err == nil {
		s.lock()
		defer s.unlock()
		t := &SharedToken{Token: tok, Print: print, Demand: f.demand, Asked: f.asked, StepUp: f.stepUp, Silent: silent}
		if f.prompts() {
			t.Asked = 0
		}
		if last := s.state.lastRenewal(); last != nil && last.order < f.order {
			t.Renewed, t.Renewal = last.asked, last.demand
		}
		if f.era == s.state.era {
			n.Token = t
		}
		return n
	}
	if d := entraClaims(err); d != nil && !f.stepUp && !f.prompts() && errors.Is(err, msalcae.ErrInteractionRequired) {
		n.Pending, n.Refused = d.over(f.demand), f.asked
	}
	if !errors.Is(err, msalcae.ErrInteractionRequired) {
		n.Pause = pauseAfter(err)
	}
	return n
}

// concerns reports whether r has a token for f, or says that f asks for too
// little or too early.
func (s *Source) concerns(f *flight, r Record) bool {
	s.lock()
	defer s.unlock()
	now := time.Now()
	return s.pick(f, r, now) != nil || s.challenged(r) || r.pauses(f, now)
}

// pauses reports whether r says that f comes too early. A person may be asked all
// the same.
func (r *Record) pauses(f *flight, now time.Time) bool { return r.Paused.After(now) && !f.prompts() }

// challenged reports whether r holds a challenge that the source has not met.
func (s *Source) challenged(r Record) bool {
	pending := s.state.pending
	if r.Pending != nil && (pending == nil || !pending.covers(r.Pending) && !pending.conflicts(r.Pending)) {
		return true
	}
	cur := s.current.Load()
	return cur != nil && r.isVoid(cur.print)
}

// take uses r for f before Entra is asked. It returns a token, an error that
// ends f, or neither: then Entra is to be asked.
func (s *Source) take(f *flight, r Record) (*entry, error) {
	more := s.learn(f, r)
	s.lock()
	defer s.unlock()
	now := time.Now()
	if more || s.overtaken(f) || f.order < s.state.voided {
		s.leave(f)
		return nil, errSuperseded
	}
	t := s.pick(f, r, now)
	switch {
	case t != nil:
		s.leave(f)
		return s.publish(f, s.shared(t, f)), nil
	case r.pauses(f, now):
		s.leave(f)
		return nil, &pausedError{r.Paused.Sub(now), "Entra asked another process to wait", nil}
	}
	return nil, nil
}

// learn takes account of what r says was voided, asked for and obtained for
// step-ups elsewhere, and reports whether the next token must satisfy more now, or
// the one in use was voided.
func (s *Source) learn(f *flight, r Record) (more bool) {
	s.lock()
	st := &s.state
	if f.era != st.era {
		s.unlock()
		return false
	}
	before := st.epoch
	for _, v := range r.Voided {
		if !s.flow.Voids.Has(v.Print) {
			s.flow.Voids.add(v.Print, v.Until)
		}
	}
	dropped := s.dropVoided()
	if r.Pending != nil {
		st.demandMore(r.Pending)
	}
	for _, t := range r.Tokens {
		if t.StepUp && t.Asked > st.refusedAsked && s.holding(t.Token.Value) == nil && t.serves(time.Now(), 0) {
			st.kept = push(st.kept, s.shared(&t, f), maxKept)
		}
	}
	more = dropped != nil || st.epoch != before
	s.unlock()
	if dropped != nil {
		Aside(func() {
			traceRejected(context.Background(), msalcae.TokenRequest{Claims: r.Pending.claimsIfAny(), Trace: f.trace}, dropped)
		})
	}
	return more
}

// pick returns the token of r that makes it needless to ask for f.
func (s *Source) pick(f *flight, r Record, now time.Time) *SharedToken {
	cur := s.current.Load()
	for i, t := range slices.Backward(r.Tokens) {
		switch {
		case !t.serves(now, f.ttl), s.flow.Voids.Has(t.Print), t.Token.Value == f.rejected:
			continue
		case f.stepUp:
			if t.Asked > f.refused && t.Demand.covers(f.demand) {
				return &r.Tokens[i]
			}
			continue
		case i < len(r.Tokens)-1:
			continue // kept for step-ups only
		case f.renews && !t.answers(f.demand, f.refused):
			continue
		case !f.renews && cur != nil && !t.Token.ExpiresOn.After(cur.tok.ExpiresOn):
			continue
		}
		return &r.Tokens[i]
	}
	return nil
}

// serves reports whether t may be sent with at least ttl to live.
func (t *SharedToken) serves(now time.Time, ttl time.Duration) bool {
	return t.Token.ExpiresOn.IsZero() || t.Token.ExpiresOn.After(now.Add(max(sendMargin, ttl)))
}

// shared is the entry of t, which f found in the store.
func (s *Source) shared(t *SharedToken, f *flight) *entry {
	e := newEntry(t.Token, t.Print, &flight{order: f.order, asked: t.Asked, demand: t.Demand}, t.Silent)
	e.newborn = false
	if t.Renewed > 0 {
		e.since = &renewed{s.orderOf(t.Renewed), t.Renewed, t.Renewal}
	}
	return e
}

// orderOf is the order, among the tokens of this source, of one that another
// process asked for: it is newer than those that were asked for before it, or
// voided.
func (s *Source) orderOf(asked uint64) uint64 {
	order := s.state.voided + 1
	known := s.state.known
	if cur := s.current.Load(); cur != nil {
		known = append(slices.Clip(known), cur.issued())
	}
	for _, t := range known {
		if t.asked < asked {
			order = max(order, t.order+1)
		}
	}
	return order
}
