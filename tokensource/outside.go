package tokensource

import (
	"context"
	"time"

	"github.com/msalcae/msalcae"
)

// relieve forgets earlier refusals: somebody has just signed in, so that Entra
// may well answer differently.
func (s *Source) relieve() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.state.failures)
	s.signedIn()
}

// signedIn ends the peace of whoever asks a person for the source.
func (s *Source) signedIn() {
	if s.flow.gate != nil {
		s.flow.gate.peace.prompted(nil, time.Now())
	}
}

// forget drops all that the source holds, and what flights under way will
// bring: its account was signed out, or it stands for another person now.
func (s *Source) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state.announce() // who waits for a prompt looks again
	old := &s.state
	s.state = state{order: old.order, epoch: old.epoch + 1, era: old.era + 1, allowance: old.allowance}
	s.current.Store(nil)
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
	if e := s.install(tok, d); e != nil {
		t := sharedToken{token: tok, print: e.print, demand: d}
		_, _ = s.flow.store.tell(context.Background(), news{token: &t, renews: true}) // the program has the token anyway
	}
}

// install makes tok, obtained with d, the token in use; nil: it must not be.
func (s *Source) install(tok *msalcae.Token, d demand) *entry {
	print := fingerprintOf(tok.Value)
	s.mu.Lock()
	defer s.mu.Unlock()
	st := &s.state
	clear(st.failures)
	clear(st.doubts)
	s.signedIn()
	st.order++
	f := &flight{order: st.order, renews: true, demand: d}
	e := newEntry(tok, print, f, false)
	if s.flow.voids.has(e.print) {
		return nil
	}
	st.epoch++ // flights under way began before this sign-in
	return s.publish(f, e)
}

// consult reads what others have shared.
func (s *Source) consult() {
	r, err := s.flow.store.tell(context.Background(), news{})
	if err != nil {
		return
	}
	s.mu.Lock()
	f := &flight{era: s.state.era, order: s.state.order}
	s.mu.Unlock()
	s.learn(f, r)
}

// pendingClaims are the claims that the next sign-in must carry, in whatever
// process they were asked for; "" for none.
func (s *Source) pendingClaims() string {
	s.consult()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.state.pending) == 0 {
		return ""
	}
	return s.state.pending.claims()
}
