package engine

import (
	"errors"
	"slices"
	"time"

	"github.com/msalcae/msalcae"
)

// settled is how old a token must be before MinTTL alone asks for another, and
// how long after that it asks for the next.
const settled = 5 * time.Minute

// plan decides what a caller gets next.
func (s *Source) plan(w *want) (st step) {
	s.lock()
	defer s.unlock()
	now := time.Now()
	st.rejected = s.dropVoided()
	if w.challenge && !w.noted {
		w.noted = true
		if w.stepUp() {
			s.noteStepUp(w, now)
		} else if e := s.noteRefusal(w, now); e != nil {
			st.rejected = e
		}
	}
	e, fresh := s.find(w, now)
	if e != nil && !fresh {
		st.entry = e
		return st
	}
	st.fallback = e
	if fresh {
		e.shortcoming().freshAgain = now.Add(settled)
	}
	s.launch(w, &st, fresh, now)
	if st.flight == nil {
		s.tellLater(w.req.Trace)
		return st
	}
	st.news = st.flight.nextNews()
	return st
}

// find returns the token that answers w, if there is one; fresh says that it
// does, but lives shorter than w wants, and another should be sought.
func (s *Source) find(w *want, now time.Time) (e *entry, fresh bool) {
	nano := now.UnixNano()
	cur := s.current.Load()
	switch {
	case w.stepUp():
		return s.findStepUp(w, nano), false
	case w.challenge:
		return s.answer(w, nano), false
	case cur == nil || !cur.serves(nano, 0):
		return nil, false
	case cur.serves(nano, w.req.MinTTL) || s.state.pending != nil:
		return cur, false
	}
	if s.state.airborne[purpose{topic: topic{kind: newToken}}] == nil && cur.short != nil && now.Before(cur.short.freshAgain) {
		return cur, false // what can be had was tried
	}
	if s.state.longest <= w.req.MinTTL {
		return cur, !s.state.explored
	}
	return cur, !cur.newborn || cur.age(now) > settled
}

// answer returns a token that satisfies a challenge that voids: the one in use,
// or one that was obtained lately for just what w asks.
func (s *Source) answer(w *want, nano int64) *entry {
	ok := func(e *entry) bool {
		return e.tok.Value != w.req.Rejected && e.serves(nano, 0) && !s.flow.Voids.Has(e.print)
	}
	if cur := s.current.Load(); cur != nil && cur.since.answers(w.demand, w.refused) && ok(cur) {
		return cur
	}
	for _, e := range slices.Backward(s.state.renewals) {
		if e.since.answers(w.demand, w.refused) && ok(e) {
			return e
		}
	}
	return nil
}

// findStepUp returns the newest token that was obtained with what w asks.
func (s *Source) findStepUp(w *want, nano int64) *entry {
	ok := func(e *entry) bool {
		return e.tok.Value != w.req.Rejected && e.serves(nano, 0) && e.meets(w.demand, w.substance) && !s.flow.Voids.Has(e.print)
	}
	if cur := s.current.Load(); cur != nil && ok(cur) {
		return cur
	}
	for _, e := range slices.Backward(s.state.kept) {
		if ok(e) {
			return e
		}
	}
	return nil
}

// launch joins or starts the flight that w needs, or says why it may not.
func (s *Source) launch(w *want, st *step, fresh bool, now time.Time) {
	state := &s.state
	to := state.purposeOf(w, fresh)
	_, prompting := state.airborne[to.prompting()]
	if last, ok := state.failures.recall(to, now, prompting && s.mayPrompt(w)); ok {
		if fresh || !s.mayPrompt(w) || !errors.Is(last.err, msalcae.ErrInteractionRequired) {
			st.err = last.again(now)
			return
		}
		s.launchPrompt(w, st, to, last.err, now)
		return
	}
	if now.Before(state.doubts[to.topic]) && s.mayPrompt(w) {
		s.launchPrompt(w, st, to, nil, now)
		return
	}
	if st.err = s.allow(w, to, now); st.err != nil {
		return
	}
	st.await(s.join(to, func() *flight {
		f := s.describe(w, fresh)
		f.caused = w.challenge || state.pending != nil
		return f
	}, s.silently))
}

// launchPrompt joins or starts the prompt that answers a refusal of silent.
// The claims of refusal, Entra's own, are laid over the challenge's; they are read
// for the one who starts it, not for each who joins.
func (s *Source) launchPrompt(w *want, st *step, silent purpose, refusal error, now time.Time) {
	to := silent.prompting()
	st.prompted = true
	if s.state.airborne[to] == nil {
		if st.err = s.flow.Gate.peace.err(now); st.err != nil {
			return
		}
	}
	if st.err = s.allow(w, to, now); st.err != nil {
		return
	}
	st.await(s.join(to, func() *flight {
		f := s.describe(w, false)
		if d := entraClaims(refusal); len(d) > 0 {
			f.demand = d.over(f.demand)
		}
		f.carried, f.answers = nil, silent
		return f
	}, s.promptly))
}

// allow counts the flight to start, if it is not under way yet and a challenge
// causes it, and says so if there were too many.
func (s *Source) allow(w *want, to purpose, now time.Time) error {
	if s.state.airborne[to] != nil || !w.challenge && s.state.pending == nil {
		return nil
	}
	if wait := s.state.allowance.take(w.limits.ChallengesPerMinute, now); wait > 0 {
		return &pausedError{wait, "challenges have caused too many token requests; if the API refuses new tokens at once, it probably sees another IP address than Entra does", nil}
	}
	return nil
}

// describe says what the flight for w asks for.
func (s *Source) describe(w *want, fresh bool) *flight {
	st := &s.state
	f := &flight{limits: w.limits, fresh: fresh || st.distrust, evict: st.evict, ttl: w.req.MinTTL, patience: w.patience, trace: w.req.Trace}
	if st.pending != nil {
		f.renews, f.demand, f.carried, f.refused = true, st.wanted(), st.carried, st.refusedAsked
	}
	if w.stepUp() {
		f.stepUp, f.rejected, f.refused = true, w.req.Rejected, s.issue(w.rejected.print).asked
	}
	if w.challenge && !f.demand.covers(w.demand) {
		f.demand = w.demand.over(f.demand)
	}
	return f
}
