package engine

import (
	"reflect"
	"slices"
	"time"
)

// maxKept is how many tokens that were obtained for step-ups are kept, and how
// many renewals are remembered.
const maxKept = 8

// maxKnown is how many tokens are told apart by age.
const maxKnown = 16

// state is what a Source knows, guarded by its mu. No method of it blocks. The
// zero value knows nothing.
type state struct {
	// order counts flights, by start.
	order uint64
	// epoch counts the changes of what the next token must satisfy. What a
	// flight of an earlier epoch brings is asked for again, if the flight
	// carried nothing that was pending; see land.
	epoch uint32
	// era counts how often everything was forgotten. Nothing of an earlier
	// era counts.
	era uint32
	// longest is the longest life that a token had before it. explored says
	// that one was issued, so that no cache had shortened it.
	longest  time.Duration
	explored bool

	// events are there while the state is locked, and afterwards if there are
	// any: a service has very many sources, most of which hold a token and are
	// at rest.
	*events
}

// events are what challenges, failures and flights under way leave to be
// remembered.
type events struct {
	// pending is what Entra or an API has asked for and no token was obtained
	// with yet; nil: nothing. It rides on every acquisition.
	pending Demand
	// newest is the last demand that pending covers: its times and addresses
	// are newer. Laying one over the other waits until a flight asks.
	newest Demand
	// carried are the demands of the voided token, which ride along while
	// that costs no prompt.
	carried Demand
	// renewals are the tokens that were obtained in answer to challenges that
	// voided others, oldest first, or what replaced them. A voided token empties
	// the list.
	renewals []*entry
	// lastVoided is the token that was last taken out of use; zero: none.
	lastVoided former
	// voided is the highest order of a token that was taken out of use. What
	// a flight of a lower order brings is older still.
	voided uint64
	// known are the latest tokens that were in use and are no longer, oldest
	// first: a late refusal of one tells what it is older than.
	known []issued
	// evict is the value of the voided token, for the flow to remove from its
	// cache; "" once a new one was obtained.
	evict string
	// refusals are the tokens that challenges to this source refused lately,
	// for others to hear of, and refusedAsked the highest asked of one; untold
	// says that the store has not been told since.
	refusals     []VoidedToken
	refusedAsked uint64
	untold       bool
	// kept are tokens obtained for step-ups, oldest first.
	kept []*entry
	// airborne are the flights under way, by purpose.
	airborne map[purpose]*flight
	// failures are remembered by purpose.
	failures failures
	// allowance limits what challenges may cause.
	allowance allowance
	// doubts are the topics for which a silently obtained token was refused
	// again, and until when the next one is sought with a prompt. rested is
	// until when a topic is not doubted anew.
	doubts, rested map[topic]time.Time
	// distrust says that the flow's own cache returned a voided token: only a
	// new one will do.
	distrust bool

	// The last challenge, so that the callers of a storm neither hash nor
	// parse what the first of them did. The token's value is there until the
	// one that took its place was refreshed.
	lastRejected rejectedToken
	lastOrder    uint64
	lastClaims   string
	lastDemand   Demand
}

// A former is what is remembered of a token that is in use no longer.
type former struct {
	print  Fingerprint
	silent bool
	since  *renewed
}

func (e *entry) former() former { return former{e.print, e.silent, e.since} }

// lock gives the caller the state.
func (s *Source) lock() {
	s.mu.Lock()
	if s.state.events == nil {
		s.state.events = new(events)
	}
}

func (s *Source) unlock() {
	if e := s.state.events; e.airborne == nil && e.lastOrder == 0 && reflect.ValueOf(e).Elem().IsZero() {
		s.state.events = nil
	}
	s.mu.Unlock()
}

// announce tells whoever waits for a flight under way that there may be a token
// that did not come by it. A flight that lands has left the list before.
func (ev *events) announce() {
	for _, f := range ev.airborne {
		if f.news != nil {
			close(f.news)
			f.news = nil
		}
	}
}

// demandMore adds d to what the next token must satisfy, unless that asks
// otherwise already: then d has a flight of its own, and neither takes the
// other's place in turn.
func (st *state) demandMore(d Demand) {
	switch {
	case st.pending == nil:
		st.pending, st.newest = d, nil
		st.epoch++
	case st.pending.covers(d):
		st.newest = d
	case !st.pending.conflicts(d):
		st.pending, st.newest = d.over(st.wanted()), nil
		st.epoch++
	}
}

// wanted is what is pending, in its newest form; nil: nothing.
func (ev *events) wanted() Demand {
	if ev.newest == nil {
		return ev.pending
	}
	if newest := ev.newest.over(ev.pending); newest.covers(ev.pending) {
		return newest
	}
	return ev.pending
}

// doubt takes the next acquisition on a topic to the prompt, if that has not
// been done lately.
func (ev *events) doubt(of topic, now time.Time) {
	if len(ev.rested) >= maxFailures {
		clear(ev.rested)
	}
	if len(ev.doubts) >= maxFailures {
		clear(ev.doubts)
	}
	if ev.doubts == nil {
		ev.doubts, ev.rested = map[topic]time.Time{}, map[topic]time.Time{}
	}
	if now.After(ev.rested[of]) {
		ev.doubts[of] = now.Add(doubtLife)
		ev.rested[of] = now.Add(escalationRest)
	}
}

// An issued token is one that was in use.
type issued struct {
	print Fingerprint
	order uint64
	asked uint64
}

func (e *entry) issued() issued { return issued{e.print, e.order, e.asked} }

// issue returns what is known of a token that is or was in use. One that is not
// known is older than all that are.
func (s *Source) issue(print Fingerprint) issued {
	if cur := s.current.Load(); cur != nil && cur.print == print {
		return cur.issued()
	}
	for _, t := range s.state.known {
		if t.print == print {
			return t
		}
	}
	return issued{print: print}
}

// refuse notes that a challenge refused a token, for others to hear of.
func (s *Source) refuse(t issued, expires time.Time) {
	if s.flow.Store == nil {
		return
	}
	ev := &s.state
	if expires.IsZero() {
		expires = time.Now().Add(VoidLife)
	}
	if slices.ContainsFunc(ev.refusals, func(v VoidedToken) bool { return v.Print == t.print }) {
		return
	}
	ev.refusals = push(ev.refusals, VoidedToken{t.print, expires}, maxTold)
	ev.refusedAsked = max(ev.refusedAsked, t.asked)
	ev.untold = true
}

// lastRenewal returns the last token that answered a challenge which voided
// another; nil: there was none since the last void.
func (ev *events) lastRenewal() *renewed {
	if n := len(ev.renewals); n > 0 {
		return ev.renewals[n-1].since
	}
	return nil
}

// measure notes how long tokens live.
func (st *state) measure(e *entry) {
	if !e.tok.ExpiresOn.IsZero() {
		st.longest = max(st.longest, time.Duration(nanos(e.tok.ExpiresOn)-e.obtained))
	}
	st.explored = st.explored || e.newborn
}

// remember notes that e is in use no longer. From before the first challenge it is
// older than all that counts, unless others know it by a record of theirs: without
// one, asked is 0.
func (ev *events) remember(e *entry) {
	if e.since != nil || e.asked > 0 {
		ev.known = push(ev.known, e.issued(), maxKnown)
	}
}

// push appends x to a list of at most most, in place; the oldest leaves.
func push[T any](list []T, x T, most int) []T {
	if len(list) == most {
		list = slices.Delete(list, 0, 1)
	}
	return append(list, x)
}
