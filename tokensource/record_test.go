package tokensource

import (
	"fmt"
	"testing"
	"time"

	"github.com/msalcae/msalcae"
	"github.com/stretchr/testify/assert"
)

// given is a record that news were added to one after the other.
func given(all ...news) (r record) {
	for _, n := range all {
		r = r.with(n, time.Now())
	}
	return r
}

var inAnHour = time.Now().Add(time.Hour)

func obtained(value string, asked uint64) *sharedToken {
	return &sharedToken{token: &msalcae.Token{Value: value, ExpiresOn: inAnHour}, print: fingerprintOf(value), asked: asked}
}

func forStepUp(value, id string, asked uint64) *sharedToken {
	t := obtained(value, asked)
	t.stepUp, t.demand = true, must(acrs(id))
	return t
}

func voiding(values ...string) (all []voidedToken) {
	for _, v := range values {
		all = append(all, voidedToken{fingerprintOf(v), time.Now().Add(time.Hour)})
	}
	return all
}

func must(claims string) demand {
	d, err := parseDemand(claims)
	if err != nil {
		panic(err)
	}
	return d
}

func values(r record) (all []string) {
	for _, t := range r.tokens {
		all = append(all, t.token.Value)
	}
	return all
}

func TestRecordKeepsTheNewestToken(t *testing.T) {
	r := given(news{token: obtained("a", 1)}, news{token: obtained("b", 2)})
	assert.Equal(t, []string{"b"}, values(r))
	assert.Equal(t, []string{"b"}, values(r.with(news{token: obtained("late", 1)}, time.Now())), "asked for before b")
	assert.Equal(t, []string{"b"}, values(r.with(news{token: obtained("unknown", 0)}, time.Now())), "nobody knows when it was asked for, and it ends no later")
	longer := obtained("longer", 0)
	longer.token.ExpiresOn = time.Now().Add(2 * time.Hour)
	assert.Equal(t, []string{"longer"}, values(r.with(news{token: longer}, time.Now())))
}

func TestRecordTellsSameNewsOnce(t *testing.T) {
	challenge := news{voided: voiding("a"), pending: must(nbf(0)), refused: 1}
	r := given(news{token: obtained("a", 1)}, challenge)
	assert.Empty(t, values(r))
	assert.NotNil(t, r.pending)
	assert.Equal(t, r.version, r.with(challenge, time.Now()).version)

	healed := obtained("b", r.version+1)
	healed.demand = must(nbf(0))
	r = r.with(news{token: healed, renews: true}, time.Now())
	assert.Nil(t, r.pending)
	again := r.with(challenge, time.Now())
	assert.Nil(t, again.pending, "another process tells of the old challenge late")
	assert.Equal(t, []string{"b"}, values(again))
	assert.Equal(t, r.version, again.version)

	next := r.with(news{voided: voiding("b"), pending: must(nbf(1)), refused: healed.asked}, time.Now())
	assert.NotNil(t, next.pending, "a new one is news")
}

func TestRecordTakesNoTokenThatMayBeAsBad(t *testing.T) {
	r := given(news{token: obtained("a", 1)}, news{voided: voiding("a"), pending: must(capol("p")), refused: 1})
	assert.Empty(t, values(r.with(news{token: obtained("a", 2)}, time.Now())), "voided")
	assert.Empty(t, values(r.with(news{token: obtained("plain", 2)}, time.Now())), "without what is pending")
	for claims, want := range map[string]int{nbf(0): 0, capol("q"): 0, capol("p"): 1} {
		tok := obtained("b", r.version+1)
		tok.demand = must(claims)
		assert.Len(t, values(r.with(news{token: tok, renews: true}, time.Now())), want, claims)
	}

	r = given(news{token: obtained("a", 5)}, news{voided: voiding("a")})
	assert.Empty(t, values(r.with(news{token: obtained("older", 4)}, time.Now())), "than the voided one")
	assert.Empty(t, values(r.with(news{token: obtained("a", 9)}, time.Now())), "the voided one again")
	ended := obtained("ended", 9)
	ended.token.ExpiresOn = time.Now()
	assert.Empty(t, values(r.with(news{token: ended}, time.Now())))
}

func TestRecordKeepsStepUps(t *testing.T) {
	r := given(news{token: obtained("plain", 1)}, news{token: forStepUp("c1", "c1", 2)}, news{token: forStepUp("c2", "c2", 3)}, news{token: obtained("newest", 4)})
	assert.Equal(t, []string{"c1", "newest"}, values(r.with(news{voided: voiding("c2")}, time.Now())))
	assert.Equal(t, []string{"c1", "c2", "newest"}, values(r))
	assert.Equal(t, []string{"c1", "c2", "late", "newest"}, values(r.with(news{token: forStepUp("late", "c3", 3)}, time.Now())))
	assert.Empty(t, values(r.with(news{voided: voiding("newest")}, time.Now())), "what was kept is older than a revocation")
	assert.Equal(t, []string{"newest"}, values(r.with(news{voided: voiding("elsewhere"), pending: must(nbf(0))}, time.Now())))
	for n := range 100 {
		r = r.with(news{token: forStepUp(fmt.Sprint("t", n), "c1", uint64(10+n))}, time.Now())
	}
	assert.Len(t, values(r), maxKept+1)
	for n := range 100 {
		r = r.with(news{token: forStepUp(fmt.Sprint("late", n), "c1", uint64(20+n%50))}, time.Now())
	}
	assert.Len(t, values(r), maxKept+1)
	assert.Equal(t, "t99", r.tokens[maxKept].token.Value)
}

func TestRecordCarriesARenewalOn(t *testing.T) {
	healed := obtained("b", 4)
	healed.demand = must(capol("p"))
	r := given(news{token: obtained("a", 1)}, news{voided: voiding("a"), pending: must(capol("p")), refused: 1},
		news{token: healed, renews: true}, news{token: obtained("refreshed", 5)})
	assert.True(t, r.satisfies(must(capol("p")), 1), "the refreshed token is newer than the renewal")
	assert.False(t, r.satisfies(must(capol("p")), 4))
	assert.False(t, r.satisfies(must(capol("q")), 1))
}

func TestRecordIsBounded(t *testing.T) {
	var r record
	for n := range 1000 {
		r = r.with(news{voided: voiding(fmt.Sprint(n))}, time.Now())
	}
	assert.Len(t, r.voided, maxSharedVoids)
	old := voidedToken{fingerprintOf("old"), time.Now()}
	r = given(news{voided: []voidedToken{old}})
	assert.Empty(t, r.with(news{pause: time.Second}, time.Now()).voided, "it has ended")
}

func TestRecordThatWasHandedOutStays(t *testing.T) {
	r := given(news{token: forStepUp("c1", "c1", 1)}, news{token: obtained("a", 2)})
	r.with(news{voided: voiding("c1")}, time.Now())
	r.with(news{token: obtained("b", 3)}, time.Now())
	assert.Equal(t, []string{"c1", "a"}, values(r))
	assert.Empty(t, r.voided)
}

func TestRecordPauses(t *testing.T) {
	now := time.Now()
	r := record{}.with(news{pause: time.Minute}, now).with(news{pause: time.Second}, now)
	assert.Equal(t, now.Add(time.Minute), r.paused)
}
