package entratest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/msalcae/msalcae/entratest/internal/challenge"
)

// A principal is whoever tokens are issued to, with what has happened to it.
// Places in the order of events are 0 where nothing has.
type principal struct {
	objectID  string
	label     string // for records: user principal name or client id
	blocked   int    // AADSTS code with which nothing is issued; 0: not blocked
	ip, apiIP string // where its clients are, as Entra and as the API see it
	cuts      []cut

	// Sessions, refresh tokens and codes of an earlier place in the order
	// of events are dead.
	validFrom   uint64
	validFromAt time.Time // the same as a time, for messages
	// The same, for the refresh tokens of public clients, and for sessions.
	passwordFrom   uint64
	passwordFromAt time.Time
	sessionsFrom   uint64 // for sessions alone
	expiredFrom    uint64 // for refresh tokens alone
	expiry         Expiry // why

	risk         Risk
	riskFrom     uint64
	unregistered bool            // no second factor
	compliant    bool            // its devices
	withdrawn    map[string]bool // applications without its consent, by lower-case client id
}

func newPrincipal(objectID, label string) principal {
	return principal{objectID: objectID, label: label, ip: "127.0.0.1", apiIP: "127.0.0.1"}
}

// A cut is an event after which the API no longer takes older access tokens.
type cut struct {
	seq  uint64
	from time.Time // when the API learns of it
	code string    // as Graph names it
	ip   string    // for the location's: what the API sees
}

// challenge codes that are seen in public, see https://learn.microsoft.com/entra/identity/conditional-access/concept-continuous-access-evaluation
const (
	codeRevoked  = "TokenIssuedBeforeRevocationTimestamp"
	codeLocation = challenge.Location
	codePolicy   = "TokenCreatedWithOutdatedPolicies"
)

// maxCuts bounds the events that are on their way to the API.
const maxCuts = 100

// cut records c. Of the earlier ones of its kind it replaces those that the API
// knows of, if it knows of a later one, and too many that are on their way: it
// learns of c soon enough.
func (p *principal) cut(c cut) {
	now := time.Now()
	latest := uint64(0) // of those of the kind that the API knows of
	cuts := append(slices.Clone(p.cuts), c)
	for _, have := range cuts {
		if have.code == c.code && !have.from.After(now) {
			latest = have.seq
		}
	}
	p.cuts = slices.DeleteFunc(cuts, func(have cut) bool { return have.code == c.code && have.seq < latest })
	if underWay := func(have cut) bool { return have.from.After(now) }; len(p.cuts) > maxCuts {
		i := slices.IndexFunc(p.cuts, underWay)
		p.cuts = slices.Delete(p.cuts, i, i+1)
	}
}

// cutAfter returns the event that ended tokens of place seq. A revocation
// comes before anything else, and the latest event before earlier ones.
func (p *principal) cutAfter(seq uint64, now time.Time) (found cut, ok bool) {
	for _, c := range p.cuts {
		if seq < c.seq && !now.Before(c.from) && (!ok || c.code == codeRevoked || found.code == c.code) {
			found, ok = c, true
		}
	}
	return found, ok
}

// happen makes something happen to whom name means, at one place in the order
// of events.
func (s *Server) happen(name string, do func(p *principal, seq uint64)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	principals := s.principals(name)
	seq := s.next()
	for _, p := range principals {
		do(p, seq)
	}
}

// event ends the access tokens that p holds so far, as soon as the API learns of
// it. s.mu is held.
func (s *Server) event(p *principal, seq uint64, code string) {
	p.cut(cut{seq: seq, code: code, from: time.Now().Add(s.policy.delay)})
}

// principals returns whom name means: a user, an application, or for "" all.
// It panics for a stranger: a test that revokes nobody proves nothing.
func (d *directory) principals(name string) []*principal {
	var found []*principal
	for _, u := range d.users {
		if name == "" || u == d.user(name) {
			found = append(found, &u.principal)
		}
	}
	for _, a := range d.apps {
		if name == "" || a == d.app(name) || strings.EqualFold(a.objectID, name) {
			found = append(found, &a.principal)
		}
	}
	if len(found) == 0 {
		panic(fmt.Sprintf("entratest: there is no user or application %q", name))
	}
	return found
}
