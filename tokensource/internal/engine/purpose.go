package engine

// A kind is what a flight is for.
type kind uint8

const (
	anyToken kind = iota // from wherever
	newToken             // one from a cache will not do
	renewal              // one that satisfies what is pending
	stepUp               // one for a demand that leaves the token in use good
)

// A topic is what a flight is about, whatever else was asked for since it began.
type topic struct {
	kind      kind
	substance string // of the demand that has a flight of its own; "" if it shares one
}

// A purpose tells flights apart: callers with one purpose share one flight.
type purpose struct {
	topic
	epoch  uint32 // of what is asked for; 0 if that makes no difference
	prompt bool
}

// purposeOf names the flight that serves w and whoever else needs the same.
func (st *state) purposeOf(w *want, fresh bool) purpose {
	switch {
	case w.stepUp():
		return purpose{topic: topic{stepUp, w.substance}, epoch: st.epoch}
	case w.challenge && !st.pending.covers(w.demand): // another has overlaid it
		return purpose{topic: topic{renewal, w.substance}, epoch: st.epoch}
	case st.pending != nil:
		return purpose{topic: topic{kind: renewal}, epoch: st.epoch}
	case fresh:
		return purpose{topic: topic{kind: newToken}}
	}
	return purpose{topic: topic{kind: anyToken}}
}

// prompting names the prompt that answers a refusal of p. One for a step-up
// serves later epochs too: the person signs in after what began them.
func (p purpose) prompting() purpose {
	if p.kind == stepUp {
		p.epoch = 0
	}
	p.prompt = true
	return p
}
