package engine

import (
	"context"
	"errors"

	"github.com/msalcae/msalcae"
)

// An Acquirer obtains a token, as tokensource.Acquirer does: req.Claims "" may
// be answered from a cache, "{}" asks for a new token, and req.Rejected is to leave
// the cache; Acquire never has it without Claims.
type Acquirer = func(ctx context.Context, req msalcae.TokenRequest) (*msalcae.Token, error)

// Errors of a Prompt that wrap one of these are a no, as one is that took all of
// PromptTimeout: after a second one in a row the person is left in peace.
var (
	// ErrDeclined says that the person, or a policy in their stead, said no.
	ErrDeclined = errors.New("msalcae: the sign-in was declined")
	// ErrCodeExpired says that nobody entered the code of a device.
	ErrCodeExpired = errors.New("msalcae: the device code has expired")
)

// A Flow is how a Source obtains tokens: silently and, where somebody can be
// asked, by a prompt. The engine decides when to use which; a Flow keeps no
// tokens, coalesces nothing and sets no time limits of its own.
type Flow struct {
	// Voids is shared by the sources over one client, whose cache might hand
	// one the token that was voided for another; nil: the source's own. With
	// a Store they are those of NewSharedVoids.
	Voids *Voids
	// Clock is shared by the sources over one client; nil: the source's own.
	Clock *Clock
	// Acquire never asks a person. It fails with an error that is
	// msalcae.ErrInteractionRequired when a person must act.
	Acquire Acquirer
	// Prompt asks a person to sign in with req.Claims; nil: nobody can be
	// asked. The engine calls it for one source of a Gate at a time; AgainOf
	// its context says when to show the page another time.
	Prompt Acquirer
	// Gate is shared by the sources that would show their prompts in the same
	// place; nil without Prompt.
	Gate *Gate
	// Store is where the source shares with others what it knows, guarded from
	// the store's troubles; nil: it shares with nobody.
	Store Store
}
