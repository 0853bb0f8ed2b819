package tokensource

import (
	"slices"
	"time"

	"github.com/msalcae/msalcae"
)

// maxSharedVoids bounds the voided tokens of one record.
const maxSharedVoids = 64

// A record is what the sources of one identity and one set of scopes know in
// common, in whatever processes they are. Zero: nothing is known. A record is
// never changed once it was handed out.
//
// It orders events by its version and compares no clocks of its writers: a token
// that was asked for before a challenge came, whenever it arrives, is older than
// the challenge.
type record struct {
	// version grows with every change.
	version uint64
	// tokens that may be sent, the newest last. Those before it were obtained
	// for step-ups.
	tokens []sharedToken
	// voided are never to be sent again, by nobody.
	voided []voidedToken
	// pending is what an API or Entra has asked for and no token was obtained
	// with yet; nil: nothing.
	pending demand
	// spent is the highest asked of a voided token: what was asked for before
	// it is older still.
	spent uint64
	// paused is until when Entra is not to be asked, as it has said.
	paused time.Time
}

// A sharedToken is a token with what a Source must know of it.
type sharedToken struct {
	token  *msalcae.Token
	print  fingerprint
	demand demand // that it was obtained with; nil: none
	// asked is one more than the record's version when Entra was asked for the
	// token; 0: not known, as the store could not be read then.
	asked uint64
	// renewed is the asked of the last token up to this one that answered a
	// challenge which voided another, and renewal its demand; 0: there was none.
	renewed uint64
	renewal demand
	stepUp  bool // obtained for one: kept for what it satisfies
	silent  bool // obtained without asking a person
}

// A voidedToken is one that is never to be sent again.
type voidedToken struct {
	print fingerprint
	until time.Time // when it ends, or what is taken for that
}

// News are what a Source adds to a record. To add the same twice makes no
// difference.
type news struct {
	voided []voidedToken
	// pending was asked for; nil: nothing. It is old news if a token that was
	// asked for later than refused satisfies it.
	pending demand
	refused uint64
	token   *sharedToken // that was obtained; nil: none
	renews  bool         // it was obtained with what was pending
	pause   time.Duration
	trace   *msalcae.Trace // of the caller that the store is used for; nil: nobody's
}

// with returns r and what n adds to it. It is what a store does to its record
// in one step that nothing comes between.
func (r record) with(n news, now time.Time) record {
	before := r.version
	r.tokens, r.voided = slices.Clone(r.tokens), slices.Clone(r.voided)
	for _, v := range n.voided {
		r.void(v)
	}
	if n.pending != nil && !r.satisfies(n.pending, n.refused) {
		r.ask(n.pending)
	}
	if n.token != nil {
		r.accept(*n.token, n.renews, now)
	}
	if until := now.Add(n.pause); n.pause > 0 && until.After(r.paused) {
		r.paused = until
		r.version++
	}
	if r.version != before {
		r.tokens = slices.DeleteFunc(r.tokens, func(t sharedToken) bool { return ended(t.token, now) })
		r.voided = slices.DeleteFunc(r.voided, func(v voidedToken) bool { return !v.until.After(now) })
	}
	return r
}

func ended(t *msalcae.Token, now time.Time) bool {
	return !t.ExpiresOn.IsZero() && !t.ExpiresOn.After(now)
}

func (r *record) void(v voidedToken) {
	if r.isVoid(v.print) {
		return
	}
	r.voided = push(r.voided, v, maxSharedVoids)
	r.version++
	for i, t := range r.tokens {
		if t.print != v.print {
			continue
		}
		r.spent = max(r.spent, t.asked)
		if i == len(r.tokens)-1 {
			r.tokens = nil // what was kept is older
			return
		}
		r.tokens = slices.Delete(r.tokens, i, i+1)
		return
	}
}

func (r *record) isVoid(print fingerprint) bool {
	return slices.ContainsFunc(r.voided, func(v voidedToken) bool { return v.print == print })
}

// satisfies reports whether a token answers a challenge with d to one that was
// asked for at refused.
func (r *record) satisfies(d demand, refused uint64) bool {
	return slices.ContainsFunc(r.tokens, func(t sharedToken) bool { return t.answers(d, refused) })
}

func (t sharedToken) answers(d demand, refused uint64) bool {
	return t.renewed > refused && t.renewal.covers(d)
}

// ask adds d to what is pending. A step-up that was answered before says
// nothing any more.
func (r *record) ask(d demand) {
	if r.pending != nil && (r.pending.covers(d) || r.pending.conflicts(d)) {
		return // the first one stands, as in state.demandMore
	}
	r.pending = d.over(r.pending)
	if n := len(r.tokens); n > 1 {
		r.tokens = r.tokens[n-1:]
	}
	r.version++
}

// accept adds a token, unless it may be as bad as one that was refused, or is
// older than the newest.
func (r *record) accept(t sharedToken, renews bool, now time.Time) {
	var newest *sharedToken
	if n := len(r.tokens); n > 0 {
		newest = &r.tokens[n-1]
	}
	switch {
	case r.isVoid(t.print), ended(t.token, now), t.asked > 0 && t.asked < r.spent:
		return
	case slices.ContainsFunc(r.tokens, func(have sharedToken) bool { return have.print == t.print }):
		return
	case r.pending != nil && (!renews || !t.demand.covers(r.pending)):
		return
	case newest != nil && t.asked == 0 && !renews && !t.token.ExpiresOn.After(newest.token.ExpiresOn):
		return
	case newest != nil && t.asked > 0 && t.asked < newest.asked && !t.stepUp:
		return
	}
	r.pending = nil
	r.version++
	if t.asked == 0 {
		t.asked = r.version
	}
	if renews {
		t.renewed, t.renewal = t.asked, t.demand
	} else if newest != nil && newest.renewed > t.renewed && newest.renewed < t.asked {
		t.renewed, t.renewal = newest.renewed, newest.renewal
	}
	last := len(r.tokens)
	switch {
	case newest != nil && t.asked < newest.asked:
		last--
	case newest != nil && !newest.stepUp:
		r.tokens = r.tokens[:last-1]
		last--
	}
	r.tokens = slices.Insert(r.tokens, last, t)
	r.tokens = r.tokens[max(0, len(r.tokens)-maxKept-1):]
}
