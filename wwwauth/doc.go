// Package wwwauth reads WWW-Authenticate response headers (RFC 9110 section
// 11.6.1) and the claims challenges of Microsoft Entra ID in them.
//
// [Claims] is what most programs need: given a 401, it returns the claims that
// the next token must be obtained with. [Parse] gives every challenge of a
// header, [Why] and [Explain] say in words why a claims challenge was issued,
// [ResourceOf] says which tokens an API takes, and [Challenge.String] writes a
// challenge.
//
// # What is read
//
// The grammar of RFC 9110: several challenges in one field, several fields,
// token68, quoted strings with escapes, empty list elements, names and schemes
// in any case. Beyond it, what servers really send: unquoted URIs, missing
// commas, blanks around "=". A broken element spoils no other, and nothing that
// a server can send makes a function of this package panic or take more than
// linear time.
//
// # Trust
//
// A challenge is what a server wrote: nothing in it is to be believed. Claims
// returns one JSON object of bounded size and depth, or an error; its members
// are the server's choice. Control characters in a header, line ends among
// them, are read as blanks (RFC 9110 section 5.5), so that nothing Parse returns
// contains any but tabs. A Reason is fit to be shown as it is.
//
// The package needs the standard library alone, makes no network calls and
// keeps no state; all functions may be called concurrently.
package wwwauth

// Limits of what is read. Real headers stay far below them.
const (
	// MaxHeaderBytes bounds the WWW-Authenticate fields of one response. A
	// field that would exceed it, together with those read before, is not
	// read at all.
	MaxHeaderBytes = 64 << 10
	// MaxChallenges is how many challenges are read of one response.
	MaxChallenges = 32
	// MaxParams is how many parameters are read of one challenge.
	MaxParams = 32
	// MaxClaimsBytes bounds the decoded text of a claims challenge.
	MaxClaimsBytes = 8 << 10
	// MaxClaimsDepth bounds how deep objects and arrays nest in the claims
	// of a challenge. The object itself counts as one.
	MaxClaimsDepth = 32
)
