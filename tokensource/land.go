package tokensource

import (
	"context"
	"errors"
	"time"

	"github.com/msalcae/msalcae"
)

// land ends a flight: it takes it off the list and makes its token, if it
// brought a good one, the token in use.
//
// A token that was asked for before the latest challenge may be as bad as the
// one that was refused, and is asked for again. Not so after a prompt for a
// step-up: the person has just signed in, and is not made to do it twice.
func (s *Source) land(f *flight, tok *msalcae.Token, err error, silent bool) (*entry, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := &s.state
	delete(st.airborne, f.purpose)
	if f.answers != "" { // a prompt, whether it was answered or not
		delete(st.doubts, f.topic)
	}
	if f.era != st.era || f.epoch != st.epoch && !(f.stepUp && f.answers != "") {
		return nil, errSuperseded
	}
	if err != nil {
		return nil, s.crash(f, err)
	}
	if f.answers != "" { // what a person's sign-in brings is as new as its end
		st.order++
		f.order = st.order
	}
	e := newEntry(tok, f, silent)
	if s.flow.voids.has(e.print) {
		if !f.fresh && !f.renews && !f.stepUp {
			st.distrust = true
			return nil, errSuperseded
		}
		return nil, s.crash(f, msalcae.ErrSameToken)
	}
	if tok.Value == f.rejected {
		return nil, s.crash(f, msalcae.ErrSameToken)
	}
	return s.publish(f, e), nil
}

// crash takes account of a flight that brought no token.
func (s *Source) crash(f *flight, err error) error {
	st := &s.state
	now := time.Now()
	if f.answers != "" {
		return err
	}
	if d := entraClaims(err); d != nil && !f.stepUp && errors.Is(err, msalcae.ErrInteractionRequired) {
		st.pending = d.over(st.pending)
		_, purpose := st.purpose(&want{}, false)
		st.failures.remember(purpose, err, now)
	}
	st.failures.remember(f.purpose, err, now)
	return err
}

// publish makes e the token in use unless a later flight has brought one.
func (s *Source) publish(f *flight, e *entry) *entry {
	st := &s.state
	delete(st.failures, f.purpose)
	if f.answers != "" {
		clear(st.failures)
	}
	st.distrust = false
	if f.renews {
		st.pending, st.carried, st.evict = nil, nil, ""
	}
	cur := s.current.Load()
	if cur != nil && cur.tok.Value == e.tok.Value && !f.stepUp && !f.renews {
		return cur // still the same: neither a failure nor news
	}
	e.seen.Store(s.flow.voids.changes.Load())
	if f.stepUp {
		st.keep(e)
	}
	if cur == nil && st.pending == nil || cur != nil && cur.order < e.order {
		s.current.Store(e)
	}
	st.announce()
	return e
}

// reportAcquired tells the starter's Trace how a flight ended.
func reportAcquired(f *flight, start time.Time, e *entry, err error) {
	if f.trace == nil || f.trace.Acquired == nil {
		return
	}
	info := msalcae.AcquiredInfo{Claims: f.claims(false), Took: time.Since(start), Err: err}
	if e != nil {
		info.ExpiresOn = e.tok.ExpiresOn
	}
	f.trace.Acquired(context.Background(), info)
}
