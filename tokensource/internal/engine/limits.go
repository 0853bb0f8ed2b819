package engine

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/msalcae/msalcae"
)

const (
	// RequestTimeout limits a token request where Limits do not say otherwise.
	RequestTimeout      = 30 * time.Second
	promptTimeout       = 5 * time.Minute
	challengesPerMinute = 10
	// maxLimit is a year: limits are added up, and some say "none" with the
	// largest number there is.
	maxLimit = 365 * 24 * time.Hour
	// interactionPause is how long Entra's word that a person must act is
	// taken for an answer without asking it again.
	interactionPause = 30 * time.Second
	// troublePause follows another error of Entra's own. What never reached
	// Entra is tried again whenever somebody calls.
	troublePause = time.Second
	// throttlePause follows a 429 or 503 without Retry-After.
	throttlePause = 10 * time.Second
	// loopPause follows AADSTS50196, Entra's word that a client loops.
	loopPause   = time.Minute
	maxPause    = time.Hour
	maxFailures = 64
)

// Limits are those of one call. A flight has those of the caller who started it.
type Limits struct {
	// ChallengesPerMinute is how many token requests and prompts challenges
	// may cause in a minute. Zero: 10. Negative: no limit.
	ChallengesPerMinute int
	// RequestTimeout limits one token request. Zero: 30 seconds.
	RequestTimeout time.Duration
	// PromptTimeout is how long a person may take to sign in. Zero: 5 minutes.
	PromptTimeout time.Duration
}

// orDefault is the limit d, or def if there is none.
func orDefault(d, def time.Duration) time.Duration {
	if d > 0 {
		return min(d, maxLimit)
	}
	return def
}

// A pausedError says that and for how long a source does not ask again.
type pausedError struct {
	wait   time.Duration
	reason string
	err    error // what led to the pause; may be nil
}

func (e *pausedError) Error() string {
	return fmt.Sprintf("msalcae: paused for %s: %s", e.wait.Round(time.Millisecond), e.reason)
}

func (e *pausedError) Is(target error) bool { return target == msalcae.ErrPaused }
func (e *pausedError) Unwrap() error        { return e.err }

// failures are the last failures by purpose, for as long as asking again would
// not help.
type failures map[purpose]failure

type failure struct {
	err          error
	since, until time.Time
}

// remember keeps err for a while if asking again at once would not help.
func (fs *failures) remember(of purpose, err error, now time.Time) {
	wait := pauseAfter(err)
	if wait <= 0 {
		return
	}
	if *fs == nil {
		*fs = failures{}
	}
	if len(*fs) >= maxFailures {
		fs.forgetOld(now)
	}
	(*fs)[of] = failure{err, now, now.Add(wait)}
}

func (fs failures) forgetOld(now time.Time) {
	var first purpose
	var earliest time.Time
	for of, f := range fs {
		if !f.until.After(now) {
			delete(fs, of)
		} else if earliest.IsZero() || f.until.Before(earliest) {
			first, earliest = of, f.until
		}
	}
	if len(fs) >= maxFailures {
		delete(fs, first)
	}
}

// recall returns the failure that still stands for purpose: until its time, and
// while the prompt that it led to is open.
func (fs failures) recall(of purpose, now time.Time, prompting bool) (failure, bool) {
	f, ok := fs[of]
	return f, ok && (prompting || f.until.After(now))
}

// again is what a caller gets who comes while the failure stands: the same
// answer where only a person can help, else a pause.
func (f failure) again(now time.Time) error {
	if errors.Is(f.err, msalcae.ErrInteractionRequired) {
		return f.err
	}
	return &pausedError{f.until.Sub(now), "the last token request failed: " + Plain(f.err), f.err}
}

// pauseAfter is how long a failure is remembered.
func pauseAfter(err error) time.Duration {
	var answer *msalcae.Error
	known := errors.As(err, &answer)
	switch {
	case known && slices.Contains(answer.AADSTS, 50196):
		return loopPause
	case errors.Is(err, msalcae.ErrInteractionRequired), errors.Is(err, msalcae.ErrSameToken):
		return interactionPause
	case !known:
		return 0
	case answer.RetryAfter > 0:
		return min(answer.RetryAfter, maxPause)
	case answer.Status == 429 || answer.Status == 503:
		return throttlePause
	case answer.Status >= 500:
		return troublePause
	}
	return 0
}

// allowance counts what challenges caused in the last minute.
type allowance []time.Time

// take uses one of perMinute. If none is left it returns how long to wait.
func (a *allowance) take(perMinute int, now time.Time) time.Duration {
	if perMinute < 0 {
		return 0
	}
	if perMinute == 0 {
		perMinute = challengesPerMinute
	}
	live := (*a)[:0]
	for _, t := range *a {
		if now.Sub(t) < time.Minute {
			live = append(live, t)
		}
	}
	*a = live
	if len(live) >= perMinute {
		return live[len(live)-perMinute].Add(time.Minute).Sub(now)
	}
	*a = append(live, now)
	return 0
}
