package entratest

import (
	"sync/atomic"
	"time"
)

// clocks are how far the server's clocks are ahead of the machine's, which is
// its clients'.
type clocks struct{ entra, api atomic.Int64 }

// SetClockSkew sets the clocks of Entra and of the API by so much ahead of the
// client's, or behind if negative. Entra's shows in its tokens' times, in errors
// and in Date; the API's decides which tokens have expired, and shows in its
// challenges' nbf and in Date. Lifetimes are not touched: a client that goes by
// expires_in notices nothing.
func (s *Server) SetClockSkew(entra, api time.Duration) {
	s.clocks.entra.Store(int64(entra))
	s.clocks.api.Store(int64(api))
}

// entraNow is the time by Entra's clock.
func (s *Server) entraNow() time.Time { return time.Now().Add(time.Duration(s.clocks.entra.Load())) }

// apiNow is the time by the API's clock.
func (s *Server) apiNow() time.Time { return time.Now().Add(time.Duration(s.clocks.api.Load())) }

// SetPropagationDelay says how long events need from Entra to the API, which
// goes on taking tokens until then: at Entra "up to 15 minutes". It counts for
// events from now on; Entra itself knows of them at once, and so does the API of
// changes of address. Zero, the initial value, is at once.
func (s *Server) SetPropagationDelay(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.policy.delay = d
}

// BackdateTokens makes tokens carry iat and nbf of so long before their issue,
// as Entra does by 5 minutes, unless their claims demand an nbf. The API does not
// go by them: they can be older than the event that the token comes after.
func (s *Server) BackdateTokens(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.policy.backdate = d
}
