package engine

import (
	"errors"
	"sync/atomic"
	"time"

	"github.com/msalcae/msalcae"
)

// A flight is one acquisition that any number of callers wait for. It belongs
// to none of them: it has a context and limits of its own, since a token
// request that is cut off can cost a rotating refresh token.
type flight struct {
	purpose purpose
	answers purpose // of the silent flight whose refusal a prompt answers
	order   uint64
	epoch   uint32
	era     uint32
	changes uint64 // of what is voided, when it began
	renews  bool   // carries what is pending
	stepUp  bool   // its token is kept for what it satisfies
	fresh   bool   // a token from a cache will not do
	caused  bool   // by a challenge
	demand  Demand // nil: none
	asked   uint64 // one more than the version of the store's record when Entra was asked; 0: not known
	refused uint64 // asked of the token that the challenge refused
	carried Demand // rides along if that costs no prompt
	evict   string // value of a voided token
	// rejected is the value of the token that a step-up was asked of.
	rejected string
	ttl      time.Duration // that the token is to live at least
	patience time.Duration // how long to wait while another process asks
	trace    *msalcae.Trace
	limits   Limits
	// again tells a prompt of a caller who joined when nobody waited any more.
	again chan struct{}
	// news is closed when another flight, or a sign-in, has brought a token, or
	// a sign-out has taken them away: whoever waits for this one then looks
	// whether that will do, and whether it is still needed. Guarded by the
	// source's mu; nil: nobody waits.
	news chan struct{}
	// landed is closed when entry and err say what came of it.
	landed chan struct{}
	entry  *entry
	err    error
	// waiters counts the callers who wait for it. A flight lands without
	// them; a prompt is not opened for nobody.
	waiters atomic.Int32
}

// prompts reports whether a person is asked.
func (f *flight) prompts() bool { return f.purpose.prompt }

// claims is the claims parameter, and with what rides along if ride is set.
func (f *flight) claims(ride bool) string {
	switch {
	case f.demand == nil && f.fresh:
		return "{}"
	case f.demand == nil:
		return ""
	case ride:
		return f.demand.over(f.carried).Claims()
	}
	return f.demand.Claims()
}

// nextNews returns the channel that is closed when there are news. The caller
// holds the source's mu.
func (f *flight) nextNews() <-chan struct{} {
	if f.news == nil {
		f.news = make(chan struct{})
	}
	return f.news
}

// errSuperseded ends the wait of a caller whose flight began before the latest
// challenge; it never leaves the engine.
var errSuperseded = errors.New("msalcae: superseded by a challenge")

// join starts the flight for a purpose, which describe describes and run carries
// out, or joins the one under way. The caller holds s.mu, so that a flight
// cannot end between being seen and being joined, and counts itself out of its
// waiters when it no longer waits.
func (s *Source) join(to purpose, describe func() *flight, run func(*flight) (*entry, error)) (f *flight, joined bool) {
	f, joined = s.state.airborne[to]
	if !joined {
		s.state.order++
		f = describe()
		f.purpose, f.order, f.epoch, f.era = to, s.state.order, s.state.epoch, s.state.era
		if to.prompt {
			f.again = make(chan struct{}, 1)
		}
		f.changes, f.landed = s.flow.Voids.changes.Load(), make(chan struct{})
		if s.state.airborne == nil {
			s.state.airborne = map[purpose]*flight{}
		}
		s.state.airborne[to] = f
	}
	if f.waiters.Add(1) == 1 && joined {
		select {
		case f.again <- struct{}{}:
		default: // no prompt, or it is about to look
		}
	}
	if !joined {
		go func() {
			f.bring(run(f))
		}()
	}
	return f, joined
}

// bring tells everybody who waits for f what came of it; only the first call
// counts. The flight's own goroutine makes them.
func (f *flight) bring(e *entry, err error) {
	select {
	case <-f.landed:
	default:
		f.entry, f.err = e, err
		close(f.landed)
	}
}

// bringEarly is bring before hooks have heard of the end and a lease was given up.
// Not so for a failure, which may end the program, and them with it.
func (f *flight) bringEarly(e *entry, err error) {
	if e != nil || err == errSuperseded {
		f.bring(e, err)
	}
}

// silently obtains a token without asking anyone and publishes it.
func (s *Source) silently(f *flight) (*entry, error) {
	return s.share(f, f.patience, true, func() (*msalcae.Token, error) {
		tok, err := s.request(f, f.claims(true))
		if errors.Is(err, msalcae.ErrInteractionRequired) && len(f.carried) > 0 && !sessionGone(err) {
			return s.request(f, f.claims(false))
		}
		if err == nil && len(f.carried) > 0 { // what rode along was granted
			s.lock()
			defer s.unlock() // a store that was left behind may still look whether it has a token for f
			f.demand = f.demand.over(f.carried)
		}
		return tok, err
	})
}

// request makes one token request, and again while Entra has no time.
func (s *Source) request(f *flight, claims string) (*msalcae.Token, error) {
	req := msalcae.TokenRequest{Claims: claims, Rejected: f.evict, NoPrompt: true, Trace: f.trace}
	for n := 1; ; n++ {
		tok, err := limited(s.flow.Acquire, req, orDefault(f.limits.RequestTimeout, RequestTimeout), "Entra did not answer")
		wait, again := RetryDelay(err)
		if !again || n == Attempts || f.caused && !s.mayRepeat(f) {
			return tok, err
		}
		time.Sleep(wait)
	}
}

// mayRepeat counts one more token request that a challenge caused, if there may
// be one.
func (s *Source) mayRepeat(f *flight) bool {
	s.lock()
	defer s.unlock()
	return s.state.allowance.take(f.limits.ChallengesPerMinute, time.Now()) == 0
}
