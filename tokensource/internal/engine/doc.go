// Package engine is what every token source of package tokensource is made of.
// It keeps tokens, shares token requests, refreshes, and answers claims
// challenges. It knows neither MSAL nor a cache: a [Flow] obtains the tokens, and
// a [Store] shares what is known with other processes.
//
// # What it promises
//
//   - A token that a challenge voided is never returned again, whatever the
//     Flow's cache, the Store or another Source brings.
//   - A challenge leads to one token request for all callers who need the same,
//     and to none where a newer token already answers it. What makes challenges
//     the same is their substance, not their text: see [Demand].
//   - What an API or Entra asked for stays pending, and rides on every request,
//     until a token was obtained with it. A step-up leaves the token in use good
//     for everybody else, and nothing pending if it fails.
//   - A person is asked only where Entra says that one must act, once for all
//     callers, one prompt of a [Gate] at a time, and not at all for a while after
//     a second no.
//   - Challenges cause a bounded number of requests and prompts, and a failure is
//     not repeated before that can help.
//   - No caller waits for longer than its own context, and none can cancel what
//     the others wait for. A refresh ahead of time is nobody's to wait for.
//   - A call that the token in use serves takes no lock, and allocates nothing.
//     No lock is held while a Flow, a Store or a hook works. There is no goroutine
//     between calls.
//
// # Where things are
//
//	flow.go        Flow: how tokens are obtained, which is for others to know
//	source.go      Source: the warm call, which ends here; a plain 401
//	seek.go        every other call: a want goes round until it has a token
//	plan.go        what one gets next: a token, an error, a flight to join or start
//	challenge.go   what a challenge says of the token that drew it: void or step-up
//	demand*.go     what a challenge asks for, and how two of them compare
//	purpose.go     which callers share a flight
//	flight.go      a flight, and token requests; refusal.go: what Entra's refusals say
//	limited.go     the limits of one call to a Flow; stack.go: its stack
//	prompting.go   a flight that asks a person; gate.go, peace.go, again.go: when
//	sharing.go     what a flight has from the Store, and tells it
//	land.go        a flight's end: whether its token comes into use
//	refresh.go     replacing a token ahead of time
//	limits.go      what calls are allowed, and pauses after failures
//	outside.go     sign-ins and sign-outs that happen elsewhere
//	state.go       all that a Source knows, under its lock; entry.go: of one token
//	voids.go       voided tokens, for all sources of one client
//	clock.go       the time, for callers who come often
//	store.go       where sources of several processes share a record; record.go:
//	               what that is; guarded.go, trouble.go: when it is out of order
//
// Its tests hold it against a model of Entra, an API and a person, in random
// schedules (schedule_test.go, model_test.go), and testdata/mutants.txt breaks it
// in one place at a time.
package engine
