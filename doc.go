// Package msalcae answers Microsoft Entra's claims challenges inside an
// [http.RoundTripper], so that a program that calls Microsoft Graph, Azure
// Resource Manager or any API behind Entra ID keeps working when a session is
// revoked, a policy moves, or a stronger sign-in is asked for.
//
// For most programs, take a client from package tokensource, wrap one of its
// sources, and use the [http.Client]:
//
//	app, err := tokensource.NewConfidential(tokensource.ConfidentialConfig{ ... })
//	client := (&msalcae.Transport{Source: app.App("https://graph.microsoft.com/.default")}).Client()
//	resp, err := client.Get("https://graph.microsoft.com/v1.0/users")
//
// # What happens on a claims challenge
//
// An API that takes part in Continuous Access Evaluation refuses a token that
// has become too weak or too old with status 401 and a WWW-Authenticate header
// whose error is insufficient_claims. Transport then reads the claims, asks its
// [TokenSource] for a token that satisfies them, and sends the request once
// more. Callers that are hit by the same revocation share one token request,
// and the token that was revoked is never sent again. What cannot be answered,
// because a person must act and nobody can be asked, becomes a
// [ChallengeError].
//
// # Which hosts receive tokens
//
// Only those of Transport.Hosts, or those that the source names when Hosts is
// nil, over https (or http to a loopback address). Every hop of a redirect is
// checked again. Anything else is sent without a token.
//
// The protocol is described at
// https://learn.microsoft.com/entra/identity-platform/claims-challenge.
package msalcae
