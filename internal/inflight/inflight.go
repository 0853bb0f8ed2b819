// Package inflight marks the contexts of token requests, so that a Transport
// that was wired under MSAL by mistake notices it instead of waiting for the
// very token request that it is part of.
package inflight

import "context"

type key struct{}

// Mark returns a context that Marked recognises.
func Mark(ctx context.Context) context.Context {
	if Marked(ctx) {
		return ctx
	}
	return context.WithValue(ctx, key{}, true)
}

// Marked reports whether ctx belongs to a token request.
func Marked(ctx context.Context) bool {
	return ctx.Value(key{}) != nil
}
