// Package entratest is a local Microsoft Entra ID with an API that takes part
// in Continuous Access Evaluation, in the spirit of net/http/httptest: for
// tests of programs that call Microsoft Graph or an API of their own.
//
// It is for tests and for nothing else. Its users, passwords and secrets are
// printed in its source, it keeps everything in memory, and it listens on
// loopback only.
//
//	srv := entratest.NewServer()
//	defer srv.Close()
//
// Give the program under test srv.Authority, srv.ClientID, srv.ClientSecret or
// srv.PublicClientID, srv.Scope and srv.Client, let it call srv.API, and cut its
// access. A program with production URLs in it can be tested unchanged:
// [Server.Client] sends what is meant for login.microsoftonline.com and
// graph.microsoft.com to the server.
//
// [NewMemoryServer] is the same without sockets, for testing/synctest: a day
// passes in a test of a millisecond.
//
// # The conversation of a revocation
//
// A user has signed in, in the browser that [Server.SignIn] plays, and the
// client calls the API with its token, which is to live for a day:
//
//	GET /v1.0/me                           200
//
// The test calls [Server.Revoke]. The API refuses the token from then on:
//
//	GET /v1.0/me                           401
//	    WWW-Authenticate: Bearer realm="", authorization_uri="...", client_id="...",
//	        error="insufficient_claims", claims="eyJhY2Nlc3..."
//	    which is {"access_token":{"nbf":{"essential":true, "value":"1700000000"}}}
//
// The client redeems its refresh token with these claims, to which it adds its
// capabilities, and is refused, since the session is gone:
//
//	POST /tenant/oauth2/v2.0/token         400
//	    grant_type=refresh_token  claims={"access_token":{"nbf":...,"xms_cc":{"values":["cp1"]}}}
//	    {"error":"invalid_grant","suberror":"bad_token","error_codes":[50173],...}
//
// So the user must sign in, with the same claims; then all is well:
//
//	GET  /tenant/oauth2/v2.0/authorize     200, the sign-in page
//	POST /tenant/login                     200, the code on its way to the client
//	POST /tenant/oauth2/v2.0/token         200
//	GET  /v1.0/me                          200
//
// After [Server.ChangePolicy] or [Server.MoveIP] the refresh token is good, and
// nobody has to sign in. After [Server.RequireAuthContext] the API asks for an
// authentication context (acrs), for which a person passes a second factor.
// An application's own token is challenged as well, and its client credentials
// are good for another. Clients that have not declared capability cp1 get
// short-lived tokens and are never challenged.
//
// testdata/conversations has such a conversation for every switch, captured
// from the server.
//
// # Switches
//
// What happens to users and applications: [Server.Revoke],
// [Server.RevokeAccessTokens], [Server.Disable], [Server.Delete],
// [Server.ChangePassword], [Server.ResetPassword], [Server.SetRisk],
// [Server.WithdrawConsent], [Server.ExpireRefreshTokens], [Server.ChangePolicy]
// and [Server.MoveIP], which the API learns of after
// [Server.SetPropagationDelay]. What Conditional Access and the API demand:
// [Server.RequireAuthContextAt], [Server.RequireMFA],
// [Server.RequireCompliantDevice], [Server.AllowIPs], [Server.StrictLocation] and
// [Server.RequireCP1]. What answers look like: [Server.SetTokenLifetime],
// [Server.SetClockSkew], [Server.SetScopeEcho], [Server.SetChallengeForm],
// [Server.StrictRotation] and [Server.RotateKeys]. [Server.Reset] takes all of it
// back. Package admin serves them over HTTP, and cmd/entratest is a server by
// itself, for tests in other languages.
//
// # The API
//
// [Server.API] is like Graph: /me and /users, which come in pages, messages and
// sendMail, files with entity tags, upload sessions on a host of their own,
// $batch, revokeSignInSessions, which revokes, and the UserInfo endpoint of
// OpenID Connect at the host's /oidc/userinfo. [Server.SetChallengeForm] makes
// it refuse tokens as another service does, or in a malformed way.
//
// [Server.Protect] puts an API of your own behind the same tokens, and
// [Server.ServeHost] gives it the name that it has in production. Where such an
// API calls another on behalf of its callers, it may answer with a challenge of
// its own making, which counts as one.
//
// # Watching and breaking
//
// [Server.Stats] counts, [Server.Log] records every request, [Server.Wait] waits
// for them to come, and [Server.Watch] says in a test what must have happened
// and shows the conversation where it has not. [Server.Fail] makes an endpoint
// answer with an error of choice, late, by half or not at all, or reset the
// connection, for one grant or path if need be.
//
// # Applications without secrets
//
// [Server.ClientCertificate] and [App.Certificates] are for client assertions,
// [Server.Issuer] for workload identity federation, as Kubernetes and GitHub
// Actions have it. [Server.IMDS] and [Server.AppService] are where Azure's
// machines have tokens of managed identities, see [ManagedIdentities].
// [Server.EnterCode] completes the sign-in of a device.
//
// # Where it differs from Entra
//
// What follows the documentation, or what Entra and Graph were seen to send, is
// not listed. How sure the rest is: "likely" has a source for a part of it,
// "guess" has none.
//
//   - A malformed claims parameter is answered with invalid_request and
//     AADSTS90100. Guess, and the least certain of all.
//   - A token demanded to be not older than nbf carries an iat and nbf of that
//     time or later. Guess: Entra's tokens are dated back by five minutes
//     ([Server.BackdateTokens]), and how this goes together with nbf is not known.
//     The API goes by the order of events and not by iat, so that a test may
//     revoke and sign in again within a second.
//   - The tokens of an account that is disabled, deleted, at risk or has another
//     password are challenged with the code of a revoked session. Guess: no other
//     code has been seen in public. Likely: what its refresh token is answered
//     with (AADSTS50057, 50034, 530032 or 50076, 50173).
//   - A deleted application is answered with AADSTS700016, one at risk with
//     AADSTS53003. Likely.
//   - While no location policy is set, MoveIP moves to an address that one would
//     allow. With one, a client elsewhere is answered with AADSTS53003. Likely:
//     the challenge and the code were seen, but not one after the other.
//   - A client that only the API sees elsewhere gets a token for an hour with
//     xms_cc in it. The hour is documented, the rest is a guess.
//   - Neither RequireMFA nor RequireCompliantDevice has the API challenge tokens,
//     which ChangePolicy does. Entra lets a policy take effect within hours.
//   - AADSTS53000 comes as invalid_grant with suberror additional_action. Guess.
//     At the authorize endpoint it is access_denied, as AADSTS53003 is. Guess.
//   - AADSTS50079 comes as interaction_required without a suberror, and
//     AADSTS50076 as invalid_grant with basic_action. Seen.
//   - A confidential client that must have its user do more is told the policy's
//     id (capolids); a public client is not ([Server.NamePolicies]). Likely.
//   - A second factor that was given for an authentication context counts for that
//     one alone, as if each had a policy of its own, and one given for RequireMFA
//     or SetRisk for all of them. The latter is documented, the former a guess.
//   - Authentication contexts last as long as the sign-in that satisfied them,
//     and are in a token only if it was asked for them ([Server.SetAuthContexts]).
//     Guess. Essential ones that were asked of client credentials are left out,
//     without an error. Guess.
//   - The API lets clients without capability cp1 alone until their tokens
//     expire. Documented; with [Server.RequireCP1] it answers 403, which is what
//     the documentation advises APIs to do.
//   - Withdrawn consent leaves access tokens alone. Likely: it is no event of the
//     documentation's list.
//   - Expired refresh tokens have the texts and suberrors that were seen for
//     AADSTS700082 and 70043; AADSTS700084 and 70008 are likely.
//   - A client assertion for another audience is answered with AADSTS70002, an
//     external one whose signature is not right with AADSTS70023, and one that
//     matches no federated credential with AADSTS700211, 700212 or 700213.
//   - A user_fic credential is one for which a federated credential of the
//     application is registered, or the application's own token for
//     api://AzureADTokenExchange.
//   - An API that acts on behalf of a user whose session was revoked since the
//     assertion was issued is answered with AADSTS50173.
//   - The platform repeats a managed identity's token until five minutes before
//     its end; how long Azure does is said to be hours. Its error texts are not
//     Azure's to the letter.
//   - A declined device code is answered with AADSTS65004, the code of a declined
//     consent; the documentation gives authorization_declined no number.
//   - A silent request that several accounts of a browser could answer is refused
//     with AADSTS16000. Signing out ends the sessions of the browser and no
//     refresh tokens.
//   - A redirect URI that differs from the authorize request's is answered with
//     invalid_grant and AADSTS500112 at the token endpoint.
//
// And on purpose:
//
//   - Events take effect at once, unless SetPropagationDelay says otherwise.
//     Entra needs up to 15 minutes, and has a disabled account that is enabled
//     again wait as long.
//   - Scopes are answered as they were asked for ([Server.SetScopeEcho]).
//   - Only networks of addresses are locations, not countries.
//   - Applications are known in all tenants. Consent is taken as given unless prompt=consent asks
//     for it or it was withdrawn, and permissions are not checked: any token for
//     the API may call all of it, and an application that has no signed-in user
//     may use /me as well, which Graph refuses.
//   - All access tokens have the form of version 2.0, with appid and upn in
//     addition, and can be validated by anyone. Graph's own are opaque.
//   - Instance discovery knows this server beside Microsoft's clouds.
//   - Graph's challenge has the form of 2021 for every reason. Its later and
//     other services' forms are there to choose ([Server.SetChallengeForm],
//     [Resource]). Of those of Exchange, Dataverse and Azure DevOps only parts
//     were seen in public; for Key Vault and Storage, xms_caeerror is always
//     10012, the only value seen.
//   - A request within a $batch is admitted with the batch's token, and a
//     challenge to it is in the headers of its answer; how Graph words that has
//     not been seen. Requests of a batch run one after another, and are answered
//     with 16 MiB together; what does not fit any more has status 507. Guess.
//   - Fragments of an upload need not be multiples of 320 KiB, one that is cut
//     off counts for nothing, and a session ends a day after the last one. Files
//     are hashed and forgotten; writing to an item's id that there is not makes
//     a new item, and there are no folders.
//   - Pages are linked by $skiptoken everywhere, and of the other query options
//     only $top and $select are obeyed.
//   - SAML grants are not there, and tokens are of version 2.0 at all endpoints.
//
// The protocol is described at
// https://learn.microsoft.com/entra/identity-platform/claims-challenge and
// https://learn.microsoft.com/entra/identity/conditional-access/concept-continuous-access-evaluation.
package entratest

// Where things are, for who changes them. A package below does what can be done
// without the Server:
//
//	internal/graph      what the API does with a call that was let in: people, mail, files, uploads, batches
//	internal/challenge  how a refusal is worded: the header, claims and body of each service
//	internal/pages      what people see of the authority
//	internal/webpage    what a browser makes of a page
//	internal/logbook    counters and records, and who waits for them
//	internal/site       listeners, networks, certificates
//	internal/memnet     connections in memory
//	internal/jose       JSON Web Tokens
//	internal/ids        GUIDs and secrets
//	internal/reply      what all answers have in common
//	internal/shelf      memory that is bounded
//	admin, live         the switches over HTTP, and a page to watch
//	cmd/entratest       the server by itself
//
// In this folder a file is named after what it decides, here in the order of a
// request:
//
//	the server and its names             server, listen, hosts, servehost, reset
//	who there is, and what happens       directory, accounts, apps, tenants, principal, managedidentity, policy, events, clock
//	one request, and what may befall it  exchange, crossorigin, fault, fault_answer
//	the authority's routes               discovery
//	a person signs in, or out            authorize, signin, sessions, respond, logout
//	a program plays the person           browser
//	a device is signed in                device, devicepage
//	a token request, and whose it is     token, clientauth, clientassertion, federated
//	its grant                            grants, persongrants, onbehalfof, refreshtoken
//	a platform's request, without one    identityendpoint
//	what is asked for, and allowed       scope, claims, admission, conditional, consent, risk, location
//	what is issued                       issue, jwt, keys, rotation, scopeecho
//	what is said instead                 errors, errortable
//	what an API makes of the token       protect, decide, authcontext, capability, challenge, forms
//	the way to the Graph-like API        graph
//	what was seen                        record, conversation, inspect, wait, watch, follow
