package main

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/msalcae/msalcae"
)

// traceTo tells in lines what happens.
func traceTo(w io.Writer) *msalcae.Trace {
	var mu sync.Mutex
	say := func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintf(w, "%s "+format+"\n", append([]any{time.Now().Format("15:04:05.000")}, args...)...)
	}
	return &msalcae.Trace{
		HostSkipped: func(_ context.Context, i msalcae.HostSkippedInfo) { say("no token for %s: %s", i.Host, i.Reason) },
		Challenged: func(_ context.Context, i msalcae.ChallengedInfo) {
			say("%s refused the token: %s", i.Host, first(i.Reason, i.Err))
		},
		Replayed: func(_ context.Context, i msalcae.ReplayedInfo) {
			say("sent %s again: %s", i.Method, first(fmt.Sprintf("status %d", i.Status), i.Err))
		},
		Acquired: func(_ context.Context, i msalcae.AcquiredInfo) {
			say("asked for a token, %s: %s", rounded(i.Took), first("good until "+i.ExpiresOn.Local().Format(time.DateTime), i.Err))
		},
		Joined: func(_ context.Context, i msalcae.JoinedInfo) {
			say("waited %s for another call's token: %s", rounded(i.Waited), first("got it", i.Err))
		},
		Refreshed: func(_ context.Context, i msalcae.RefreshedInfo) {
			say("refreshed the token in the background, %s: %s", rounded(i.Took), first("good until "+i.ExpiresOn.Local().Format(time.DateTime), i.Err))
		},
		Rejected: func(_ context.Context, i msalcae.RejectedInfo) { say("took the refused token out of use") },
		Paused: func(_ context.Context, i msalcae.PausedInfo) {
			say("not asking until %s: %s", i.Until.Local().Format(time.TimeOnly), i.Reason)
		},
		Prompted: func(_ context.Context, i msalcae.PromptedInfo) {
			say("asked for a sign-in, %s: %s", rounded(i.Took), first("done", i.Err))
		},
		CacheFailed: func(_ context.Context, i msalcae.CacheFailedInfo) {
			say("could not %s the token cache: %v", i.Op, i.Err)
		},
	}
}

// first is the error if there is one, else what went well.
func first(well string, err error) string {
	if err != nil {
		return err.Error()
	}
	return well
}

func rounded(d time.Duration) time.Duration { return d.Round(time.Millisecond) }
