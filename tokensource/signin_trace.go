package tokensource

import (
	"context"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/wwwauth"
)

// A signInTrace reports a sign-in that a program asked for, on the context of
// who called.
type signInTrace struct {
	ctx   context.Context
	trace *msalcae.Trace // nil: nobody is told
}

func (s signInTrace) prompted(claims string, start time.Time, err error) {
	if s.trace != nil && s.trace.Prompted != nil {
		s.trace.Prompted(s.ctx, msalcae.PromptedInfo{Reason: wwwauth.Explain(claims).String(), Took: time.Since(start), Err: err})
	}
}

func (s signInTrace) acquired(claims string, start time.Time, res public.AuthResult, err error) {
	if s.trace != nil && s.trace.Acquired != nil {
		s.trace.Acquired(s.ctx, msalcae.AcquiredInfo{Claims: claims, Took: time.Since(start), ExpiresOn: res.ExpiresOn, Err: err})
	}
}
