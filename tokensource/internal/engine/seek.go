package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/msalcae/msalcae"
)

// maxRounds bounds how often one caller looks again because a challenge
// superseded the flight it waited for, or another brought news.
const maxRounds = 32

// A want is one caller's request on its way through the engine.
type want struct {
	req       msalcae.TokenRequest
	limits    Limits
	challenge bool
	demand    Demand
	substance string        // of demand
	patience  time.Duration // how long to wait while another process asks
	noted     bool          // the challenge has been taken account of
	rejected  rejectedToken
	refused   uint64 // order of the token that a voiding challenge refused
}

// A rejectedToken is the one that drew a challenge; zero: none was sent.
type rejectedToken struct {
	value string
	print Fingerprint
}

func (w *want) stepUp() bool { return w.challenge && w.demand.stepUp() }

// A step is what the engine decided for a want: a token, an error, or a flight
// to wait for.
type step struct {
	entry    *entry
	err      error
	flight   *flight
	news     <-chan struct{} // closed when there may be another token that will do
	joined   bool
	prompted bool   // the flight is a prompt
	fallback *entry // serves if the flight brings nothing
	rejected *entry // that the want's challenge took out of use
}

func (st *step) await(f *flight, joined bool) { st.flight, st.joined = f, joined }

// seek answers a caller whom the token in use does not serve.
func (s *Source) seek(ctx context.Context, req msalcae.TokenRequest, limits Limits) (*msalcae.Token, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if s.flow.Acquire == nil {
		return nil, fmt.Errorf("%w: the Source has no Acquirer; make it with New", msalcae.ErrMisconfigured)
	}
	w := want{req: req, limits: limits, patience: patienceOf(ctx)}
	if req.Claims != "" || req.Rejected != "" {
		if err := s.read(&w); err != nil {
			return nil, err
		}
		w.challenge = true
	}
	for range maxRounds {
		st := s.plan(&w)
		if st.rejected != nil {
			traceRejected(ctx, req, st.rejected)
		}
		if st.flight != nil {
			st.entry, st.err = s.wait(ctx, &w, &st)
		}
		e := st.entry
		if e == nil && st.fallback != nil && st.err != errSuperseded && ctx.Err() == nil && st.fallback.serves(time.Now().UnixNano(), 0) {
			e = st.fallback
		}
		switch {
		case e != nil && s.voided(e), st.err == errSuperseded:
			continue
		case e != nil && w.challenge && e.tok.Value == req.Rejected:
			return nil, msalcae.ErrSameToken
		case e != nil:
			s.refreshIfDue(e, req.Trace, limits)
			return e.tok, nil
		case st.flight != nil && !st.prompted && s.mayPrompt(&w) && errors.Is(st.err, msalcae.ErrInteractionRequired):
			continue // to the prompt: the refusal is remembered
		}
		return nil, s.failed(ctx, &w, st.err)
	}
	return nil, errUnsettled
}

// patienceOf is how long a caller with ctx lets others ask Entra before its
// flight does: half of its time is left for that.
func patienceOf(ctx context.Context) time.Duration {
	if end, ok := ctx.Deadline(); ok {
		return min(leaseWait, max(time.Until(end)/2, 0))
	}
	return leaseWait
}

// voided reports whether e was voided since it was found or brought.
func (s *Source) voided(e *entry) bool {
	return e.seen.Load() != s.flow.Voids.changes.Load() && s.flow.Voids.Has(e.print)
}

var errUnsettled = &msalcae.Error{Err: errors.New("msalcae: challenges keep changing what is asked for; try again")}

// mayPrompt reports whether a person may be asked for w.
func (s *Source) mayPrompt(w *want) bool { return s.flow.Prompt != nil && !w.req.NoPrompt }

// wait waits for a flight, at most until ctx ends.
func (s *Source) wait(ctx context.Context, w *want, st *step) (e *entry, err error) {
	start := time.Now()
	defer st.flight.waiters.Add(-1)
	if t := w.req.Trace; st.joined && t != nil && t.Joined != nil {
		defer func() {
			t.Joined(ctx, msalcae.JoinedInfo{Claims: w.req.Claims, Waited: time.Since(start), Err: outward(err)})
		}()
	}
	for {
		select {
		case <-st.flight.landed:
			return st.flight.entry, st.flight.err
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-st.news:
			if e, err = s.look(w, st); e != nil || err != nil {
				return e, err
			}
		}
	}
}

// look tells a waiting caller whether the news are a token for it, or have made
// what it waits for needless (errSuperseded): a sign-in, a prompt; a sign-out,
// whatever was under way.
func (s *Source) look(w *want, st *step) (*entry, error) {
	s.lock()
	defer s.unlock()
	if e, fresh := s.find(w, time.Now()); e != nil && !fresh {
		return e, nil
	}
	if _, refused := s.state.failures[st.flight.answers]; st.prompted && !refused || st.flight.era != s.state.era {
		return nil, errSuperseded
	}
	st.news = st.flight.nextNews()
	return nil, nil
}

// failed reports err to the caller's Trace where it is a pause.
func (s *Source) failed(ctx context.Context, w *want, err error) error {
	var p *pausedError
	if t := w.req.Trace; t != nil && t.Paused != nil && errors.As(err, &p) {
		t.Paused(ctx, msalcae.PausedInfo{Until: time.Now().Add(p.wait), Reason: p.reason})
	}
	return err
}

// read decodes what w brings. Callers of one storm bring the same token and
// often the same text: these are compared before anything is hashed or parsed,
// and that is done under no lock.
func (s *Source) read(w *want) error {
	rejected, claims := w.req.Rejected, w.req.Claims
	s.lock()
	w.rejected, w.demand = s.state.lastRejected, s.state.lastDemand
	known := s.state.lastClaims == claims
	s.unlock()
	switch {
	case rejected == "":
		w.rejected = rejectedToken{}
	case rejected != w.rejected.value:
		w.rejected = rejectedToken{rejected, s.print(rejected)}
	}
	switch {
	case claims == "":
		w.demand = Demand{}
		return nil
	case known:
		w.substance = w.demand.substance()
		return nil
	}
	d, err := ParseDemand(claims)
	if err != nil {
		return fmt.Errorf("msalcae: the claims challenge cannot be used: %w", err)
	}
	w.demand, w.substance = d, d.substance()
	s.lock()
	s.state.lastClaims, s.state.lastDemand = claims, d
	s.unlock()
	return nil
}

// print is the fingerprint of a token, which is the one in use most often.
func (s *Source) print(value string) Fingerprint {
	if cur := s.current.Load(); cur != nil && cur.tok.Value == value {
		return cur.print
	}
	return s.flow.Voids.Fingerprint(value)
}
