// Package cache keeps what a program's tokens need to outlive its process:
// refresh tokens and accounts in the form that MSAL gives them, and records
// of package tokensource: access tokens, which of these an API has refused, and
// what a claims challenge asked for that nobody has answered yet.
//
// A [Cache] seals all of it and keeps it in a [Store], which sees ciphertext
// under names that tell nothing:
//
//	c := cache.New(store, key)
//	app, err := tokensource.NewPublic(tokensource.PublicConfig{ ..., Cache: c })
//
// Module github.com/msalcae/msalcae/cache/local opens a Cache in files of the
// user's, its key in the key store of the operating system: the right one for
// programs on a person's machine. [Memory] keeps nothing beyond the process.
// Stores of your own are tested with package cache/storetest.
//
// # What is protected
//
// Records are sealed with AES-256-GCM under a key derived from the first of
// the keys that New was given, bound to their names, so that a record that was
// edited, or put in another's place, is not opened. It is reported and set
// aside, and never read as plain text. A record that was replaced by an earlier
// one of its own is noticed by a process that has seen the later one. Another
// process has no way to know: it goes on with the tokens of then, of which an
// API refuses those that were revoked, as it refused them the first time. The
// clock may be set back by up to a day: what is then made anew, after all that
// there was had been removed or lost, is not taken for something earlier.
//
// # Keys
//
// A key is 32 random bytes. Names are derived from it too, so that caches with
// different keys never disturb each other in one store. To replace a key, give
// New the new one first and the old one after it: what only the old one opens
// is found, and sealed with the new one when it is next written. Where several
// machines share a store, first give all of them the new key as the second.
//
// # Failure
//
// A cache that cannot be read or written costs persistence, not the call: what
// this package gives to MSAL never fails, and keeps what could not be stored
// until it can be.
package cache
