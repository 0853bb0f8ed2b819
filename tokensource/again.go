package tokensource

import "context"

type againKey struct{}

// withAgain gives a prompt the channel that says when somebody waits for it
// anew, after all who did had left.
func withAgain(ctx context.Context, again <-chan struct{}) context.Context {
	return context.WithValue(ctx, againKey{}, again)
}

// againOf returns what withAgain gave; nil: nothing.
func againOf(ctx context.Context) <-chan struct{} {
	again, _ := ctx.Value(againKey{}).(<-chan struct{})
	return again
}
