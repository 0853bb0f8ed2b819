package tokensource

// A flow is how a Source obtains tokens: silently and, where somebody can be
// asked, by a prompt. The engine decides when to use which; a flow keeps no
// tokens, coalesces nothing and sets no time limits of its own.
type flow struct {
	// voids is shared by the sources over one client, whose cache might hand
	// one the token that was voided for another; nil: the source's own.
	voids *voids
	// clock is shared by the sources over one client; nil: the source's own.
	clock *clock
	// acquire never asks a person. It fails with an error that is
	// ErrInteractionRequired when a person must act.
	acquire Acquirer
	// prompt asks a person to sign in with req.Claims; nil: nobody can be
	// asked. The engine calls it for one source of a gate at a time; againOf
	// its context says when to show the page another time.
	prompt Acquirer
	// gate is shared by the sources that would show their prompts in the same
	// place; nil without prompt.
	gate *gate
	// store is where the source shares with others what it knows, guarded from
	// the store's troubles; nil: it shares with nobody.
	store store
	// hosts that the scopes are for, in the form of Transport.Hosts.
	hosts []string
	// err is why there can be no token at all; nil: there can.
	err error
}
