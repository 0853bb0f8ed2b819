package engine

import (
	"context"
	"time"

	"github.com/msalcae/msalcae"
)

// Relieve forgets earlier refusals: somebody has just signed in, so that Entra
// may well answer differently.
func (s *Source) Relieve() {
	s.lock()
	defer s.unlock()
	clear(s.state.failures)
	s.signedIn()
}

// signedIn ends the peace of whoever asks a person for the source.
func (s *Source) signedIn() {
	if s.flow.Gate != nil {
		s.flow.Gate.peace.prompted(nil, time.Now())
	}
}

// Forget drops all that the source holds, and what flights under way will
// bring: its account was signed out, or it stands for another person now.
func (s *Source) Forget() {
	s.lock()
	defer s.unlock()
	s.state.announce() // who waits for a prompt looks again
	old := &s.state
	s.state = state{order: old.order, epoch: old.epoch + 1, era: old.era + 1, events: &events{allowance: old.allowance}}
	s.current.Store(nil)
}

// Adopt takes over a token that a person's sign-in brought outside the engine,
// obtained with the given claims ("": none).
func (s *Source) Adopt(tok *msalcae.Token, claims string) {
	d := Demand{}
	if claims != "" {
		var err error
		if d, err = ParseDemand(claims); err != nil {
			return
		}
	}
	if e := s.install(tok, d); e != nil && s.flow.Store != nil {
		t := SharedToken{Token: tok, Print: e.print, Demand: d}
		_, _ = s.flow.Store.Tell(context.Background(), News{Token: &t, Renews: true}) // the program has the token anyway
	}
}

// install makes tok, obtained with d, the token in use; nil: it must not be.
func (s *Source) install(tok *msalcae.Token, d Demand) *entry {
	print := s.flow.Voids.Fingerprint(tok.Value)
	s.lock()
	defer s.unlock()
	st := &s.state
	clear(st.failures)
	clear(st.doubts)
	s.signedIn()
	st.order++
	f := &flight{order: st.order, renews: true, demand: d}
	e := newEntry(tok, print, f, false)
	if s.unusable(e) != nil {
		return nil
	}
	st.epoch++ // flights under way began before this sign-in
	return s.publish(f, e)
}

// consult reads what others have shared.
func (s *Source) consult() {
	if s.flow.Store == nil {
		return
	}
	r, err := s.flow.Store.Tell(context.Background(), News{})
	if err != nil {
		return
	}
	s.lock()
	f := &flight{era: s.state.era, order: s.state.order}
	s.unlock()
	s.learn(f, r)
}

// PendingClaims are the claims that the next sign-in must carry, in whatever
// process they were asked for; "" for none.
func (s *Source) PendingClaims() string {
	s.consult()
	s.lock()
	defer s.unlock()
	if len(s.state.pending) == 0 {
		return ""
	}
	return s.state.wanted().Claims()
}
