package tokensource

// relieve forgets earlier refusals: somebody has just signed in, so that Entra
// may well answer differently.
func (s *Source) relieve() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.state.failures)
	s.state.peace = peace{}
}

// forget drops all that the source holds, and what flights under way will
// bring: its account was signed out, or it stands for another person now.
func (s *Source) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state.announce() // who waits for a prompt looks again
	st := newState()
	st.order, st.epoch, st.era = s.state.order, s.state.epoch+1, s.state.era+1
	st.allowance = s.state.allowance
	s.state = st
	s.current.Store(nil)
}
