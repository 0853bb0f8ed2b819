package tokensource

import "time"

// maxKept is how many tokens that were obtained for step-ups are kept.
const maxKept = 8

// state is what a Source knows, guarded by its mu. No method of it blocks.
type state struct {
	// order counts flights, by start.
	order uint64
	// epoch counts the changes of what the next token must satisfy. The
	// result of a flight of an earlier epoch neither becomes the token in use
	// nor answers a challenge.
	epoch uint64
	// era counts how often everything was forgotten. Nothing of an earlier
	// era counts.
	era uint64
	// pending is what Entra or an API has asked for and no token was obtained
	// with yet; nil: nothing. It rides on every acquisition.
	pending demand
	// carried are the demands of the voided token, which ride along while
	// that costs no prompt.
	carried demand
	// evict is the value of the voided token, for the flow to remove from its
	// cache; "" once a new one was obtained.
	evict string
	// kept are tokens obtained for step-ups, oldest first.
	kept []*entry
	// airborne are the flights under way, by purpose.
	airborne map[string]*flight
	// news is closed when a new token comes into use: whoever waits for a
	// prompt then looks again whether it is still needed.
	news chan struct{}
	// failures are remembered by purpose.
	failures failures
	// allowance limits what challenges may cause.
	allowance allowance
	// peace follows declined prompts.
	peace peace
	// doubts are the topics for which a silently obtained token was refused
	// again: the next one is sought with a prompt. rested is until when a
	// topic is not doubted anew.
	doubts map[string]bool
	rested map[string]time.Time
	// distrust says that the flow's own cache returned a voided token: only a
	// new one will do.
	distrust bool

	// The last challenge, so that the callers of a storm neither hash nor
	// parse what the first of them did.
	lastRejected string
	lastClaims   string
	lastDemand   demand
}

func newState() state {
	return state{
		airborne: map[string]*flight{},
		news:     make(chan struct{}),
		failures: failures{},
		doubts:   map[string]bool{},
		rested:   map[string]time.Time{},
	}
}

// announce tells whoever waits for a prompt that there is a new token.
func (st *state) announce() {
	close(st.news)
	st.news = make(chan struct{})
}

// demandMore adds d to what the next token must satisfy and reports whether
// that changed its substance.
func (st *state) demandMore(d demand) bool {
	before := st.pending
	if before == nil {
		before = demand{}
	}
	grown := st.pending == nil || !before.covers(d)
	st.pending = d.over(before)
	if grown {
		st.epoch++
	}
	return grown
}

// doubt takes the next acquisition on topic to the prompt, if that has not
// been done lately.
func (st *state) doubt(topic string, now time.Time) {
	if len(st.rested) >= maxFailures {
		clear(st.rested)
	}
	if now.After(st.rested[topic]) {
		st.doubts[topic] = true
		st.rested[topic] = now.Add(escalationRest)
	}
}

// keep remembers a step-up's token; the oldest leaves.
func (st *state) keep(e *entry) {
	if len(st.kept) == maxKept {
		st.kept = append(st.kept[:0:0], st.kept[1:]...)
	}
	st.kept = append(st.kept, e)
}
