package engine

import "context"

type againKey struct{}

// withAgain gives a prompt the channel that says when somebody waits for it
// anew, after all who did had left.
func withAgain(ctx context.Context, again <-chan struct{}) context.Context {
	return context.WithValue(ctx, againKey{}, again)
}

// AgainOf returns, in a Prompt's context, the channel that says when to show the
// page another time; nil: that is never asked.
func AgainOf(ctx context.Context) <-chan struct{} {
	again, _ := ctx.Value(againKey{}).(<-chan struct{})
	return again
}
