package engine

import (
	"errors"
	"strings"
	"time"

	"github.com/msalcae/msalcae"
)

const (
	// Attempts is how often a token request is made that Entra has no time for.
	Attempts      = 3
	maxRetryAfter = 5 * time.Second
)

// RetryDelay reports whether err, of a token request, says to come again soon, and
// when.
func RetryDelay(err error) (time.Duration, bool) {
	var answer *msalcae.Error
	if !errors.As(err, &answer) || answer.Status != 429 && answer.Status != 503 || answer.RetryAfter > maxRetryAfter {
		return 0, false
	}
	if answer.RetryAfter > 0 {
		return answer.RetryAfter, true
	}
	return time.Second, true
}

// sessionGone reports that no claims whatever can be satisfied silently.
func sessionGone(err error) bool {
	var answer *msalcae.Error
	return errors.As(err, &answer) && (answer.Suberror == "bad_token" || answer.Suberror == "token_expired")
}

// entraClaims are the claims that Entra's refusal asks for; nil: err is none, or
// asks for nothing that can be used.
func entraClaims(err error) Demand {
	var answer *msalcae.Error
	if !errors.As(err, &answer) || answer.Claims == "" {
		return nil
	}
	d, err := ParseDemand(answer.Claims)
	if err != nil {
		return nil
	}
	return d
}

// Plain is the text of err without the prefix that its wrapper repeats.
func Plain(err error) string { return strings.TrimPrefix(err.Error(), "msalcae: ") }

// WithClaimsOf returns the claims for a person's sign-in that Entra has called for
// by refusal: the challenge's ("": none), and over them those of the refusal, if it
// asks for any.
func WithClaimsOf(refusal error, claims string) string {
	d := entraClaims(refusal)
	if len(d) == 0 {
		return claims
	}
	asked, _ := ParseDemand(claims) // what cannot be used is not asked for
	return d.over(asked).Claims()
}
