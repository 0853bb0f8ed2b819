package engine

import (
	"context"
	"errors"
	"time"

	"github.com/msalcae/msalcae"
)

// land ends a flight, and tells those who wait for it, if they need not wait for
// the hooks to hear of it too.
func (s *Source) land(f *flight, tok *msalcae.Token, print Fingerprint, err error, silent bool) (*entry, error) {
	e, err := s.touchDown(f, tok, print, err, silent)
	f.bringEarly(e, err)
	return e, err
}

// touchDown takes a flight off the list and makes its token, if it brought a good
// one, the token in use.
func (s *Source) touchDown(f *flight, tok *msalcae.Token, print Fingerprint, err error, silent bool) (*entry, error) {
	s.lock()
	defer s.unlock()
	st := &s.state
	s.leave(f)
	prompted := f.prompts()
	if prompted { // whether it was answered or not
		delete(st.doubts, f.purpose.topic)
	}
	if s.overtaken(f) {
		return nil, errSuperseded
	}
	if err != nil {
		return nil, s.crash(f, err)
	}
	if prompted { // what a person's sign-in brings is as new as its end
		st.order++
		f.order = st.order
	}
	if f.order < st.voided {
		return nil, errSuperseded
	}
	e := newEntry(tok, print, f, silent)
	e.seen.Store(s.flow.Voids.changes.Load())
	if s.flow.Voids.since(e.print, f.changes) {
		return nil, errSuperseded // it reached another source first, and did not serve
	}
	if bad := s.unusable(e); bad != nil {
		if f.demand == nil && !f.fresh && !prompted {
			st.distrust = true // of the flow's cache
			return nil, errSuperseded
		}
		return nil, s.crash(f, bad)
	}
	if tok.Value == f.rejected {
		return nil, s.crash(f, msalcae.ErrSameToken)
	}
	return s.publish(f, e), nil
}

// overtaken reports whether f began before something that it did not take account
// of. A token that was asked for before the latest challenge, and without the
// claims of an earlier one, may be as bad as the one that was refused, and is
// asked for again. Not so after a prompt for a step-up: the person has just signed
// in, and is not made to do it twice.
func (s *Source) overtaken(f *flight) bool {
	st := &s.state
	return f.era != st.era || f.epoch != st.epoch && !f.renews && !(f.stepUp && f.prompts())
}

// crash takes account of a flight that brought no token.
func (s *Source) crash(f *flight, err error) error {
	st := &s.state
	now := time.Now()
	if f.prompts() {
		return err
	}
	if d := entraClaims(err); d != nil && !f.stepUp && errors.Is(err, msalcae.ErrInteractionRequired) {
		st.pending, st.newest = d.over(st.wanted()), nil
		st.failures.remember(st.purposeOf(&want{}, false), err, now)
	}
	st.failures.remember(f.purpose, err, now)
	return err
}

var errEnded = &msalcae.Error{Err: errors.New("msalcae: Entra issued a token that has ended by this machine's clock; set the clock")}

// unusable says why a token must not be sent, whoever brought it.
func (s *Source) unusable(e *entry) error {
	switch {
	case s.flow.Voids.Has(e.print):
		return msalcae.ErrSameToken
	case !e.tok.ExpiresOn.IsZero() && nanos(e.tok.ExpiresOn) <= e.obtained:
		return errEnded
	}
	return nil
}

// leave takes f off the list of flights under way.
func (s *Source) leave(f *flight) {
	if s.state.airborne[f.purpose] == f {
		delete(s.state.airborne, f.purpose)
	}
	if len(s.state.airborne) == 0 {
		s.state.airborne = nil // a source at rest takes little memory
	}
}

// publish makes e the token in use, unless a later flight has brought one or
// something is pending that e was not obtained with.
func (s *Source) publish(f *flight, e *entry) *entry {
	st := &s.state
	delete(st.failures, f.purpose)
	if f.prompts() {
		clear(st.failures)
	}
	if f.fresh || f.demand != nil {
		st.distrust = false
	}
	if f.renews && (st.pending == nil || f.demand.covers(st.pending)) {
		st.pending, st.newest, st.carried, st.evict = nil, nil, nil, ""
	}
	last := st.lastRenewal()
	switch {
	case f.renews:
		if e.since == nil {
			e.since = &renewed{e.order, e.asked, e.demand}
		}
		st.renewals = push(st.renewals, e, maxKept)
	case last != nil:
		e.since = last
	}
	st.measure(e)
	cur := s.current.Load()
	if cur != nil && f.demand == nil {
		switch {
		case cur.tok.Value == e.tok.Value:
			return cur // still the same: neither a failure nor news
		case !f.fresh && !f.prompts() && e.usable <= cur.usable:
			cur.refreshAt.Store(max(cur.refreshAt.Load(), e.refreshAt.Load()))
			return cur // a cache had another that ends no later
		}
	}
	if f.stepUp {
		st.kept = push(st.kept, e, maxKept)
	}
	if st.pending == nil && (cur == nil || cur.order < e.order) {
		if cur != nil {
			st.remember(cur)
		}
		if !f.renews && last != nil { // the storm is over, and what e replaces answers no more than e
			st.renewals[len(st.renewals)-1], st.lastRejected.value = e, ""
		}
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
	info := msalcae.AcquiredInfo{Claims: f.claims(false), Took: time.Since(start), Err: outward(err)}
	if e != nil {
		info.ExpiresOn = e.tok.ExpiresOn
	}
	Aside(func() { f.trace.Acquired(context.Background(), info) })
}

// Aside runs a hook of the caller's where it cannot take a flight with it by
// ending its goroutine, as t.FailNow does.
func Aside(hook func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		hook()
	}()
	<-done
}

// outward is err as a Trace sees it.
func outward(err error) error {
	if err == errSuperseded {
		return errOvertaken
	}
	return err
}

var errOvertaken = errors.New("msalcae: a challenge overtook this; it is done again")
