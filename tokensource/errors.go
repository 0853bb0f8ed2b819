package tokensource

import (
	"errors"

	"github.com/msalcae/msalcae/tokensource/internal/engine"
)

// ErrDeclined is wrapped by the error of a sign-in that the person, or a
// policy in their stead, declined. A Prompt of the caller's own returns an
// error that wraps it when somebody chose not to sign in.
var ErrDeclined = engine.ErrDeclined

// ErrNoBrowser is wrapped, beside msalcae.ErrInteractionRequired, by the error
// of a Browser on a machine that has none to open.
var ErrNoBrowser = errors.New("msalcae: no browser can be opened")
