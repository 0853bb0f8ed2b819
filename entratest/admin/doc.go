// Package admin serves the switches of an [entratest.Server] over HTTP, for
// tests that are written in another language than Go, or run in another
// process than the server. It uses the exported methods of the server and
// nothing else.
//
// A request's body is a JSON object, and so is the answer's. What a body does
// not name is zero, a name that is not known is an error, and so is more than
// 1 MiB. Durations are texts such as "90s" and "15m", or numbers of seconds.
// The answer's status is 200, or else the body's member "error" says what is
// wrong: 400 with the request, 403 with who makes it, 404 and 405 with its path
// and method.
//
//	GET  /admin          this list, with the members that every body may have
//	GET  /admin/stats    the counters, see [entratest.Stats]
//	GET  /admin/log      the latest requests, see [entratest.Request]
//	GET  /admin/events   the same as they happen, as server-sent events
//	GET  /admin/sessions who is signed in
//	GET  /admin/tokens   the latest access tokens, and what the API makes of them
//	GET  /admin/config   the users and applications
//	POST /admin/config   adds users and applications, and throws switches: see [Config]
//	POST /admin/reset    makes the server as it was when it was new
//	POST /admin/<switch> throws one switch, such as revoke
//
// Passwords, secrets and everybody's sessions are at the mercy of who may call
// it. So it answers loopback only, and no web page: not those of other origins
// that a browser on this machine shows, nor those that have made their host's
// name point to this machine.
package admin
