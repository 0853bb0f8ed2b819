// Package tokensource gives token sources for package msalcae over MSAL Go: of
// an application itself, of the people who sign in to it, and, by New, of
// anything else that issues tokens.
//
// A program that people use takes a public client, and a source for the person
// who uses it:
//
//	app, err := tokensource.NewPublic(tokensource.PublicConfig{
//		Authority: "https://login.microsoftonline.com/organizations",
//		ClientID:  clientID,
//		Prompt:    &tokensource.Browser{},
//	})
//	source := app.Account(public.Account{}, "User.Read")
//
// Where there is no browser, such as over SSH, a [DeviceCode] is the Prompt.
//
// A daemon takes a confidential client, and the source of its own tokens:
//
//	app, err := tokensource.NewConfidential(tokensource.ConfidentialConfig{ ... })
//	source := app.App("https://graph.microsoft.com/.default")
//
// A service asks the same client for the people it works for: an API that calls
// another one as its caller takes [Confidential.OnBehalfOf], a web app signs
// people in with [Confidential.WebApp]. On Azure, [NewManagedIdentity] and
// [WorkloadIdentity] do without a secret, and so does [GitHubActions] in a job
// there. [New] makes a source of any other library.
//
// Clients that the caller built with MSAL are wrapped by WrapPublic and
// WrapConfidential. They must have been built with client capability cp1,
// without which Entra issues tokens that know no claims challenges; what
// NewPublic and NewConfidential build always has it.
//
// # What a source does
//
// A [Source] keeps the newest token and refreshes it before it ends, in the
// background. When an API refuses a token with a claims challenge, the source
// obtains a new one, silently if it can, and by its [Prompt] if Entra says that
// a person must act. All callers who need the same share one token request,
// which ends by limits of its own and not with any caller's context. A token
// that was refused as revoked or outdated is never returned again, even if
// MSAL's cache still has it.
//
// No source has a goroutine between calls, and none needs closing.
package tokensource
