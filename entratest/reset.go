package entratest

// Reset makes the server as it was when it was new, on the same ports and with
// the same keys: only the users and applications that it began with are there,
// nobody is signed in, every switch is off, no fault is planned, and nothing
// has been counted or recorded. Tokens of before are those of strangers. What
// Protect wraps goes on, and so do requests that are being answered.
func (s *Server) Reset() {
	s.ClearFaults()
	s.SetClockSkew(0, 0)
	s.recorder.Clear()
	s.tenants.reset(s.tenantID)
	s.mu.Lock()
	defer s.mu.Unlock()
	protected := s.protected
	s.directory = newDirectory(s.graph, s.tenantID)
	s.protected = protected
	if s.certified {
		s.certify()
	}
	s.policy = policy{}
	s.rand = newRand(1)
	s.born = s.next()
}
