package tokensource

import (
	"context"
	"errors"
	"time"

	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/wwwauth"
)

// errPromptBusy: other prompts were in the way for as long as one may take.
var errPromptBusy = errors.New("msalcae: other sign-ins were waiting for an answer all the time; try again")

// promptly asks a person to sign in and publishes the token.
func (s *Source) promptly(f *flight) (*entry, error) {
	start := time.Now()
	tok, silent, err := s.signIn(f)
	e, err := s.land(f, tok, err, silent)
	reportAcquired(f, start, e, err)
	return e, err
}

// signIn waits for its turn and prompts. If somebody else's prompt came first,
// that person may have signed in meanwhile, and Entra is asked silently again.
func (s *Source) signIn(f *flight) (tok *msalcae.Token, silent bool, err error) {
	limit := orDefault(s.PromptTimeout, promptTimeout)
	waited, ok := s.flow.gate.enter(limit)
	if !ok {
		return nil, false, errPromptBusy
	}
	defer s.flow.gate.leave()
	if waited {
		if tok, err = s.request(f, f.claims(false)); err == nil {
			return tok, true, nil
		}
	}
	start := time.Now()
	req := msalcae.TokenRequest{Claims: f.claimsIfAny(), Rejected: f.evict, Trace: f.trace}
	tok, err = limited(s.flow.prompt, req, limit)
	s.mu.Lock()
	s.state.peace.prompted(err, time.Now())
	s.mu.Unlock()
	if t := f.trace; t != nil && t.Prompted != nil {
		t.Prompted(context.Background(), msalcae.PromptedInfo{Reason: wwwauth.Explain(req.Claims).String(), Took: time.Since(start), Err: err})
	}
	return tok, false, err
}

// adopt takes over a token that a person's sign-in brought outside the engine,
// obtained with the given claims.
func (s *Source) adopt(tok *msalcae.Token, claims string) {
	d := demand{}
	if claims != "" {
		var err error
		if d, err = parseDemand(claims); err != nil {
			return
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	st := &s.state
	clear(st.failures)
	clear(st.doubts)
	st.peace = peace{}
	if st.pending != nil && !d.covers(st.pending) {
		return // the token lacks what is pending; the next flight asks for it
	}
	st.order++
	f := &flight{order: st.order, renews: true, demand: d}
	e := newEntry(tok, f, false)
	if s.flow.voids.has(e.print) {
		return
	}
	st.epoch++ // flights under way began before this sign-in
	s.publish(f, e)
}

// pendingClaims are the claims that the next sign-in must carry; "" for none.
func (s *Source) pendingClaims() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.state.pending) == 0 {
		return ""
	}
	return s.state.pending.claims()
}
