package engine

import (
	"context"
	"errors"
	"time"

	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/wwwauth"
)

// promptQueue is how many prompts of other sources one may have to wait for.
const promptQueue = 8

// justNow is how recent a silent refusal is that need not be repeated.
const justNow = 5 * time.Second

// errPromptBusy: other prompts were in the way for as long as one may take.
var errPromptBusy = errors.New("msalcae: other sign-ins were waiting for an answer all the time; try again")

// promptly waits for its turn, asks a person to sign in and publishes the token.
//
// If somebody else's prompt came first, that person may have signed in
// meanwhile: then the token may be there already, or be had silently.
func (s *Source) promptly(f *flight) (*entry, error) {
	limit := orDefault(f.limits.PromptTimeout, promptTimeout)
	waited, ok := s.flow.Gate.enter(promptQueue * limit)
	if !ok {
		return s.land(f, nil, Fingerprint{}, errPromptBusy, false)
	}
	defer s.flow.Gate.leave()
	if waited {
		s.catchUp(f)
		e, err := s.silentlyFirst(f)
		if e == nil && err == nil {
			err = s.flow.Gate.peace.err(time.Now())
		}
		if e != nil || err != nil {
			s.lock()
			s.leave(f)
			s.unlock()
			return e, err
		}
	}
	return s.share(f, limit, false, func() (*msalcae.Token, error) { return s.signIn(f, limit) })
}

// catchUp has a step-up that may have had to wait carry what was asked for since.
// Other prompts are superseded by that.
func (s *Source) catchUp(f *flight) {
	s.lock()
	defer s.unlock()
	if st := &s.state; f.stepUp && st.pending != nil {
		f.renews, f.evict, f.demand = true, st.evict, f.demand.over(st.wanted())
	}
}

// silentlyFirst returns a token that makes the prompt f needless, or an error if
// a prompt would not help. Entra is not asked for nobody.
func (s *Source) silentlyFirst(f *flight) (*entry, error) {
	s.lock()
	if e := s.meanwhile(f); e != nil {
		s.unlock()
		return e, nil
	}
	last, refused := s.state.failures[f.answers]
	switch {
	case f.era != s.state.era || f.epoch != s.state.epoch && !f.stepUp || f.waiters.Load() == 0:
		s.unlock()
		return nil, errSuperseded
	case refused && time.Since(last.since) < justNow:
		s.unlock()
		return nil, nil
	}
	silent, _ := s.join(f.answers, func() *flight {
		return &flight{renews: f.renews, stepUp: f.stepUp, fresh: f.fresh, demand: f.demand,
			evict: f.evict, rejected: f.rejected, refused: f.refused, patience: leaseWait, trace: f.trace, limits: f.limits}
	}, s.silently)
	s.unlock()
	defer silent.waiters.Add(-1)
	<-silent.landed
	if e := silent.entry; e != nil {
		return e, nil
	}
	if !errors.Is(silent.err, msalcae.ErrInteractionRequired) {
		return nil, silent.err // superseded, or trouble that no person can help with
	}
	return nil, nil
}

// meanwhile returns a token that came into use or was kept since f began and
// is what f was to bring.
func (s *Source) meanwhile(f *flight) *entry {
	ok := func(e *entry) bool {
		return e.order > f.order && e.serves(time.Now().UnixNano(), 0) && !s.voided(e)
	}
	if !f.stepUp {
		if cur := s.current.Load(); cur != nil && s.state.pending == nil && ok(cur) {
			return cur
		}
		return nil
	}
	for _, e := range s.state.kept {
		if e.demand.covers(f.demand) && e.tok.Value != f.rejected && ok(e) {
			return e
		}
	}
	return nil
}

// signIn prompts.
func (s *Source) signIn(f *flight, limit time.Duration) (*msalcae.Token, error) {
	s.catchUp(f)
	start := time.Now()
	req := msalcae.TokenRequest{Claims: f.demand.claimsIfAny(), Rejected: f.evict, Trace: f.trace}
	select {
	case <-f.again: // before there was a page
	default:
	}
	ask := func(ctx context.Context, req msalcae.TokenRequest) (*msalcae.Token, error) {
		return s.flow.Prompt(withAgain(ctx, f.again), req)
	}
	tok, err := limited(ask, req, limit, "nobody finished the sign-in")
	s.flow.Gate.peace.prompted(err, time.Now())
	if t := f.trace; t != nil && t.Prompted != nil {
		info := msalcae.PromptedInfo{Reason: wwwauth.Explain(req.Claims).String(), Took: time.Since(start), Err: err}
		Aside(func() { t.Prompted(context.Background(), info) })
	}
	return tok, err
}
