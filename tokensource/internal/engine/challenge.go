package engine

import (
	"context"
	"slices"
	"time"

	"github.com/msalcae/msalcae"
)

const (
	// refusalAge is how old a token must be for a plain 401 to cause a refresh.
	refusalAge = 5 * time.Minute
	// doubtLife is how long a refusal speaks against asking silently.
	doubtLife = time.Minute
	// escalationRest is how long a demand is not taken to the prompt again
	// because silent tokens for it were refused.
	escalationRest = 10 * time.Minute
)

// noteRefusal takes account of a challenge that voids the rejected token, and
// returns it if it was in use. A rejected token that is not in use is older
// than the one that is.
func (s *Source) noteRefusal(w *want, now time.Time) *entry {
	state := &s.state
	cur := s.current.Load()
	rejected := w.req.Rejected
	if cur != nil && rejected != "" && cur.tok.Value == rejected {
		s.void(cur)
		w.refused = cur.order
		state.demandMore(w.demand)
		return cur
	}
	if rejected != "" && w.rejected.print != state.lastRejected.print {
		s.flow.Voids.add(w.rejected.print, time.Time{})
		known := s.issue(w.rejected.print)
		state.lastRejected, state.lastOrder = w.rejected, known.order
		s.refuse(known, time.Time{})
	}
	w.refused = state.lastOrder
	if s.answer(w, now.UnixNano()) != nil {
		return nil
	}
	if state.evict == "" {
		state.evict = rejected
	}
	if cur != nil && state.carried == nil {
		state.carried = cur.demand.lasting()
	}
	state.kept = nil
	state.demandMore(w.demand)
	return nil
}

// void takes the token in use out of use for good. A renewal that is under way
// for an older token is newer than this one too, and goes on.
func (s *Source) void(cur *entry) {
	state := &s.state
	s.flow.Voids.add(cur.print, cur.tok.ExpiresOn)
	cur.seen.Store(0)
	s.current.Store(nil)
	state.lastRejected, state.lastOrder = rejectedToken{cur.tok.Value, cur.print}, cur.order
	state.voided = max(state.voided, cur.order)
	s.refuse(cur.issued(), cur.tok.ExpiresOn)
	state.evict = cur.tok.Value
	state.carried = cur.demand.lasting()
	state.kept, state.renewals, state.lastVoided = nil, nil, cur.former()
}

// dropVoided takes the token in use out of use if another source over the same
// client was told that it is void, and returns it then.
func (s *Source) dropVoided() *entry {
	cur := s.current.Load()
	if cur == nil {
		return nil
	}
	changes := s.flow.Voids.changes.Load()
	if cur.seen.Load() == changes {
		return nil
	}
	if s.flow.Voids.Has(cur.print) {
		s.void(cur)
		s.state.demandMore(Demand{})
		return cur
	}
	cur.seen.Store(changes)
	return nil
}

// noteStepUp notes a step-up that was asked of a token that had been obtained
// for it: neither that one nor an older one answers it any more, and if it was
// obtained silently, asking Entra silently again would give the same.
func (s *Source) noteStepUp(w *want, now time.Time) {
	e := s.holding(w.req.Rejected)
	if e == nil || !e.meets(w.demand, w.substance) {
		return
	}
	if e.silent && s.flow.Prompt != nil {
		s.state.doubt(topic{stepUp, w.substance}, now)
	}
	for _, older := range slices.Concat(s.state.kept, []*entry{e}) {
		if older.order <= e.order && older.meets(w.demand, w.substance) {
			short := older.shortcoming()
			short.unmet = append(short.unmet, w.substance)
		}
	}
}

// holding returns the entry of a token that is in use or kept.
func (s *Source) holding(value string) *entry {
	if cur := s.current.Load(); cur != nil && cur.tok.Value == value {
		return cur
	}
	for _, e := range s.state.kept {
		if e.tok.Value == value {
			return e
		}
	}
	return nil
}

// refusedReplay takes account of a second challenge to one request: the token
// that answered the first one did not satisfy the API.
func (s *Source) refusedReplay(token, claims string) {
	w := want{req: msalcae.TokenRequest{Claims: claims, Rejected: token}, challenge: true}
	if err := s.read(&w); err != nil || token == "" {
		return
	}
	s.lock()
	defer s.unlock()
	now := time.Now()
	if w.stepUp() {
		s.noteStepUp(&w, now)
		return
	}
	var sent former
	if e := s.holding(token); e != nil {
		sent = e.former()
	} else if last := s.state.lastVoided; last.print == w.rejected.print {
		sent = last // another call's challenge came first
	}
	if sent.silent && s.flow.Prompt != nil && sent.since.answers(w.demand, 0) {
		s.state.doubt(topic{kind: renewal}, now)
	}
	s.noteRefusal(&w, now)
	s.tellLater(nil)
}

func traceRejected(ctx context.Context, req msalcae.TokenRequest, e *entry) {
	if t := req.Trace; t != nil && t.Rejected != nil {
		t.Rejected(ctx, msalcae.RejectedInfo{ExpiresOn: e.tok.ExpiresOn, Claims: req.Claims})
	}
}
