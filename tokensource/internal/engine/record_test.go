package engine

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/msalcae/msalcae"
	"github.com/stretchr/testify/assert"
)

// given is a record that news were added to one after the other.
func given(all ...News) (r Record) {
	for _, n := range all {
		r = r.With(n, time.Now())
	}
	return r
}

var inAnHour = time.Now().Add(time.Hour)

func obtained(value string, asked uint64) *SharedToken {
	return &SharedToken{Token: &msalcae.Token{Value: value, ExpiresOn: inAnHour}, Print: FingerprintOf(value), Asked: asked}
}

func forStepUp(value, id string, asked uint64) *SharedToken {
	t := obtained(value, asked)
	t.StepUp, t.Demand = true, must(acrs(id))
	return t
}

func voiding(values ...string) (all []VoidedToken) {
	for _, v := range values {
		all = append(all, VoidedToken{FingerprintOf(v), time.Now().Add(time.Hour)})
	}
	return all
}

func must(claims string) Demand {
	d, err := ParseDemand(claims)
	if err != nil {
		panic(err)
	}
	return d
}

func values(r Record) (all []string) {
	for _, t := range r.Tokens {
		all = append(all, t.Token.Value)
	}
	return all
}

func TestRecordKeepsTheNewestToken(t *testing.T) {
	r := given(News{Token: obtained("a", 1)}, News{Token: obtained("b", 2)})
	assert.Equal(t, []string{"b"}, values(r))
	assert.Equal(t, []string{"b"}, values(r.With(News{Token: obtained("late", 1)}, time.Now())), "asked for before b")
	assert.Equal(t, []string{"b"}, values(r.With(News{Token: obtained("unknown", 0)}, time.Now())), "nobody knows when it was asked for, and it ends no later")
	longer := obtained("longer", 0)
	longer.Token.ExpiresOn = time.Now().Add(2 * time.Hour)
	assert.Equal(t, []string{"longer"}, values(r.With(News{Token: longer}, time.Now())))
}

func TestRecordTellsSameNewsOnce(t *testing.T) {
	challenge := News{Voided: voiding("a"), Pending: must(nbf(0)), Refused: 1}
	r := given(News{Token: obtained("a", 1)}, challenge)
	assert.Empty(t, values(r))
	assert.NotNil(t, r.Pending)
	assert.Equal(t, r.Version, r.With(challenge, time.Now()).Version)

	healed := obtained("b", r.Version+1)
	healed.Demand = must(nbf(0))
	r = r.With(News{Token: healed, Renews: true}, time.Now())
	assert.Nil(t, r.Pending)
	again := r.With(challenge, time.Now())
	assert.Nil(t, again.Pending, "another process tells of the old challenge late")
	assert.Equal(t, []string{"b"}, values(again))
	assert.Equal(t, r.Version, again.Version)

	next := r.With(News{Voided: voiding("b"), Pending: must(nbf(1)), Refused: healed.Asked}, time.Now())
	assert.NotNil(t, next.Pending, "a new one is news")
}

func TestRecordTakesNoTokenThatMayBeAsBad(t *testing.T) {
	r := given(News{Token: obtained("a", 1)}, News{Voided: voiding("a"), Pending: must(capol("p")), Refused: 1})
	assert.Empty(t, values(r.With(News{Token: obtained("a", 2)}, time.Now())), "voided")
	assert.Empty(t, values(r.With(News{Token: obtained("plain", 2)}, time.Now())), "without what is pending")
	for claims, want := range map[string]int{nbf(0): 0, capol("q"): 0, capol("p"): 1} {
		tok := obtained("b", r.Version+1)
		tok.Demand = must(claims)
		assert.Len(t, values(r.With(News{Token: tok, Renews: true}, time.Now())), want, claims)
	}

	r = given(News{Token: obtained("a", 5)}, News{Voided: voiding("a")})
	assert.Empty(t, values(r.With(News{Token: obtained("older", 4)}, time.Now())), "than the voided one")
	assert.Empty(t, values(r.With(News{Token: obtained("a", 9)}, time.Now())), "the voided one again")
	ended := obtained("ended", 9)
	ended.Token.ExpiresOn = time.Now()
	assert.Empty(t, values(r.With(News{Token: ended}, time.Now())))
}

func TestRecordKeepsStepUps(t *testing.T) {
	r := given(News{Token: obtained("plain", 1)}, News{Token: forStepUp("c1", "c1", 2)}, News{Token: forStepUp("c2", "c2", 3)}, News{Token: obtained("newest", 4)})
	assert.Equal(t, []string{"c1", "newest"}, values(r.With(News{Voided: voiding("c2")}, time.Now())))
	assert.Equal(t, []string{"c1", "c2", "newest"}, values(r))
	assert.Equal(t, []string{"c1", "c2", "late", "newest"}, values(r.With(News{Token: forStepUp("late", "c3", 3)}, time.Now())))
	assert.Empty(t, values(r.With(News{Voided: voiding("newest")}, time.Now())), "what was kept is older than a revocation")
	assert.Equal(t, []string{"newest"}, values(r.With(News{Voided: voiding("elsewhere"), Pending: must(nbf(0))}, time.Now())))
	for n := range 100 {
		r = r.With(News{Token: forStepUp(fmt.Sprint("t", n), "c1", uint64(10+n))}, time.Now())
	}
	assert.Len(t, values(r), maxKept+1)
	for n := range 100 {
		r = r.With(News{Token: forStepUp(fmt.Sprint("late", n), "c1", uint64(20+n%50))}, time.Now())
	}
	assert.Len(t, values(r), maxKept+1)
	assert.Equal(t, "t99", r.Tokens[maxKept].Token.Value)
}

func TestRecordCarriesARenewalOn(t *testing.T) {
	healed := obtained("b", 4)
	healed.Demand = must(capol("p"))
	r := given(News{Token: obtained("a", 1)}, News{Voided: voiding("a"), Pending: must(capol("p")), Refused: 1},
		News{Token: healed, Renews: true}, News{Token: obtained("refreshed", 5)})
	assert.True(t, r.satisfies(must(capol("p")), 1), "the refreshed token is newer than the renewal")
	assert.False(t, r.satisfies(must(capol("p")), 4))
	assert.False(t, r.satisfies(must(capol("q")), 1))
}

func TestRecordIsBounded(t *testing.T) {
	var r Record
	for n := range 1000 {
		r = r.With(News{Voided: voiding(fmt.Sprint(n))}, time.Now())
	}
	assert.Len(t, r.Voided, MaxSharedVoids)
	old := VoidedToken{FingerprintOf("old"), time.Now()}
	r = given(News{Voided: []VoidedToken{old}})
	assert.Empty(t, r.With(News{Pause: time.Second}, time.Now()).Voided, "it has ended")
}

func TestRecordThatWasHandedOutStays(t *testing.T) {
	r := given(News{Token: forStepUp("c1", "c1", 1)}, News{Token: obtained("a", 2)})
	r.With(News{Voided: voiding("c1")}, time.Now())
	r.With(News{Token: obtained("b", 3)}, time.Now())
	assert.Equal(t, []string{"c1", "a"}, values(r))
	assert.Empty(t, r.Voided)

	for n := range MaxSharedVoids + 1 { // a full list, and one with room
		before := slices.Clone(r.Voided)
		next := r.With(News{Voided: voiding(fmt.Sprint(n))}, time.Now())
		r.With(News{Voided: voiding(fmt.Sprint("another ", n))}, time.Now())
		assert.Equal(t, before, slices.Clone(r.Voided))
		assert.Equal(t, FingerprintOf(fmt.Sprint(n)), next.Voided[len(next.Voided)-1].Print)
		r = next
	}
}

func TestRecordPauses(t *testing.T) {
	now := time.Now()
	r := Record{}.With(News{Pause: time.Minute}, now).With(News{Pause: time.Second}, now)
	assert.Equal(t, now.Add(time.Minute), r.Paused)
}
