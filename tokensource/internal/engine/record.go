package engine

import (
	"slices"
	"time"

	"github.com/msalcae/msalcae"
)

// MaxSharedVoids bounds the voided tokens of one record.
const MaxSharedVoids = 64

// A Record is what the sources of one identity and one set of scopes know in
// common, in whatever processes they are. Zero: nothing is known. A Record is
// never changed once it was handed out.
//
// It orders events by its version and compares no clocks of its writers: a token
// that was asked for before a challenge came, whenever it arrives, is older than
// the challenge.
type Record struct {
	// Version grows with every change.
	Version uint64
	// Tokens may be sent, the newest last. Those before it were obtained
	// for step-ups.
	Tokens []SharedToken
	// Voided are never to be sent again, by nobody.
	Voided []VoidedToken
	// Pending is what an API or Entra has asked for and no token was obtained
	// with yet; nil: nothing.
	Pending Demand
	// Spent is the highest Asked of a voided token: what was asked for before
	// it is older still.
	Spent uint64
	// Paused is until when Entra is not to be asked, as it has said.
	Paused time.Time
}

// A SharedToken is a token with what a Source must know of it.
type SharedToken struct {
	Token  *msalcae.Token
	Print  Fingerprint // of Token's value
	Demand Demand      // that it was obtained with; nil: none
	// Asked is one more than the Record's Version when Entra was asked for the
	// token; 0: the Record says, as for a person's sign-in, or nobody knows, as
	// the store could not be read then.
	Asked uint64
	// Renewed is the Asked of the last token up to this one that answered a
	// challenge which voided another, and Renewal its Demand; 0: there was none.
	Renewed uint64
	Renewal Demand
	StepUp  bool // obtained for one: kept for what it satisfies
	Silent  bool // obtained without asking a person
}

// A VoidedToken is one that is never to be sent again.
type VoidedToken struct {
	Print Fingerprint
	Until time.Time // when it ends, or what is taken for that
}

// News are what a Source adds to a record. To add the same twice makes no
// difference.
type News struct {
	Voided []VoidedToken // to be sent no more
	// Pending was asked for; nil: nothing. It is old news if a token that was
	// asked for later than Refused satisfies it.
	Pending Demand
	Refused uint64         // the Asked of the token that Pending was asked of
	Token   *SharedToken   // that was obtained; nil: none
	Renews  bool           // it was obtained with what was pending
	Pause   time.Duration  // that Entra wants; 0: none
	Trace   *msalcae.Trace // of the caller that the store is used for; nil: nobody's
}

// Empty reports whether n adds nothing, so that telling it only reads.
func (n News) Empty() bool {
	return len(n.Voided) == 0 && n.Pending == nil && n.Token == nil && n.Pause == 0
}

// With returns r and what n adds to it. It is what a store does to its record
// in one step that nothing comes between.
func (r Record) With(n News, now time.Time) Record {
	before := r.Version
	r.Tokens, r.Voided = slices.Clone(r.Tokens), slices.Clone(r.Voided)
	for _, v := range n.Voided {
		r.void(v)
	}
	if n.Pending != nil && !r.satisfies(n.Pending, n.Refused) {
		r.ask(n.Pending)
	}
	if n.Token != nil {
		r.accept(*n.Token, n.Renews, now)
	}
	if until := now.Add(n.Pause); n.Pause > 0 && until.After(r.Paused) {
		r.Paused = until
		r.Version++
	}
	if r.Version != before {
		r.Tokens = slices.DeleteFunc(r.Tokens, func(t SharedToken) bool { return ended(t.Token, now) })
		r.Voided = slices.DeleteFunc(r.Voided, func(v VoidedToken) bool { return !v.Until.After(now) })
	}
	return r
}

func ended(t *msalcae.Token, now time.Time) bool {
	return !t.ExpiresOn.IsZero() && !t.ExpiresOn.After(now)
}

func (r *Record) void(v VoidedToken) {
	if r.isVoid(v.Print) {
		return
	}
	r.Voided = push(r.Voided, v, MaxSharedVoids)
	r.Version++
	for i, t := range r.Tokens {
		if t.Print != v.Print {
			continue
		}
		r.Spent = max(r.Spent, t.Asked)
		if i == len(r.Tokens)-1 {
			r.Tokens = nil // what was kept is older
			return
		}
		r.Tokens = slices.Delete(r.Tokens, i, i+1)
		return
	}
}

func (r *Record) isVoid(print Fingerprint) bool {
	return slices.ContainsFunc(r.Voided, func(v VoidedToken) bool { return v.Print == print })
}

// satisfies reports whether a token answers a challenge with d to one that was
// asked for at refused.
func (r *Record) satisfies(d Demand, refused uint64) bool {
	return slices.ContainsFunc(r.Tokens, func(t SharedToken) bool { return t.answers(d, refused) })
}

func (t SharedToken) answers(d Demand, refused uint64) bool {
	return t.Renewed > refused && t.Renewal.covers(d)
}

// ask adds d to what is pending. A step-up that was answered before says
// nothing any more.
func (r *Record) ask(d Demand) {
	if r.Pending != nil && (r.Pending.covers(d) || r.Pending.conflicts(d)) {
		return // the first one stands, as in state.demandMore
	}
	r.Pending = d.over(r.Pending)
	if n := len(r.Tokens); n > 1 {
		r.Tokens = r.Tokens[n-1:]
	}
	r.Version++
}

// accept adds a token, unless it may be as bad as one that was refused, or is
// older than the newest.
func (r *Record) accept(t SharedToken, renews bool, now time.Time) {
	var newest *SharedToken
	if n := len(r.Tokens); n > 0 {
		newest = &r.Tokens[n-1]
	}
	switch {
	case r.isVoid(t.Print), ended(t.Token, now), t.Asked > 0 && t.Asked < r.Spent:
		return
	case slices.ContainsFunc(r.Tokens, func(have SharedToken) bool { return have.Print == t.Print }):
		return
	case r.Pending != nil && (!renews || !t.Demand.covers(r.Pending)):
		return
	case newest != nil && t.Asked == 0 && !renews && !t.Token.ExpiresOn.After(newest.Token.ExpiresOn):
		return
	case newest != nil && t.Asked > 0 && t.Asked < newest.Asked && !t.StepUp:
		return
	}
	r.Pending = nil
	r.Version++
	if t.Asked == 0 {
		t.Asked = r.Version
	}
	if renews {
		t.Renewed, t.Renewal = t.Asked, t.Demand
	} else if newest != nil && newest.Renewed > t.Renewed && newest.Renewed < t.Asked {
		t.Renewed, t.Renewal = newest.Renewed, newest.Renewal
	}
	last := len(r.Tokens)
	switch {
	case newest != nil && t.Asked < newest.Asked:
		last--
	case newest != nil && !newest.StepUp:
		r.Tokens = r.Tokens[:last-1]
		last--
	}
	r.Tokens = slices.Insert(r.Tokens, last, t)
	r.Tokens = r.Tokens[max(0, len(r.Tokens)-maxKept-1):]
}
