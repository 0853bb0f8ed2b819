package tokensource

import (
	"context"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
)

// A Prompt asks a person to sign in. [Browser] is one; a program that has a
// better way, such as a broker or its own window, implements it.
//
// SignIn must end when ctx does, with its error. It returns what MSAL's client
// in req returned, which has then cached the tokens. An error that wraps
// [ErrDeclined] says that the person chose not to sign in. Whether the right
// person signed in is checked by the caller.
//
// A Prompt shows one sign-in at a time, whatever the number of clients and
// sources that use the same value.
type Prompt interface {
	// SignIn asks a person, waits for the answer, and returns what MSAL did.
	SignIn(ctx context.Context, req PromptRequest) (public.AuthResult, error)
}

// A PromptRequest says whom to ask, for what, and why.
type PromptRequest struct {
	Client    public.Client // to sign in with
	Scopes    []string      // to ask for
	Claims    string        // that the sign-in must carry, decoded; "": none
	Reason    string        // why a person is asked, one clause; "": they wanted to sign in
	LoginHint string        // user name of the account that must sign in; "": any account may
	Tenant    string        // to sign in to; "": that of the client's authority
	// ClientID is the client's, for Client.AuthCodeURL; "" if the client was
	// built by somebody else.
	ClientID string
	// RedirectURI is PublicConfig.RedirectURI.
	RedirectURI string

	// Again receives when somebody waits for this sign-in who cannot have seen
	// it begin, after all who could had left: the page may have been closed
	// since, and should be shown another time. nil: that does not happen.
	Again <-chan struct{}

	// check says whether the right person signed in, for a page to say so.
	check func(public.AuthResult) error
}

// wrapped reports whether Client was built by somebody else.
func (r PromptRequest) wrapped() bool { return r.ClientID == "" }
