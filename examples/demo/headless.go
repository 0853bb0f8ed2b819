package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/msalcae/msalcae"
)

// nobodyThere is scene f: the sessions are revoked while a job runs at night,
// and nobody can be asked. The job gets an error that says what to do and holds
// the claims for whoever does it.
func nobodyThere(ctx context.Context, s *stage) (report, error) {
	client, err := s.job(ctx)
	if err != nil {
		return report{}, err
	}
	if err := s.first(ctx, client, "/me"); err != nil {
		return report{}, err
	}
	s.story.tell("admin", "revokes ada's sessions")
	s.entra.Revoke(s.entra.Username())

	s.story.tell("job", "reads /me again, with the same http.Client:")
	var got error
	r := s.measure(func() (status int, err error) {
		status, got = get(ctx, client, s.entra.API()+"/me")
		return status, got
	})

	challenge := new(msalcae.ChallengeError)
	if !errors.As(got, &challenge) || !errors.Is(got, msalcae.ErrInteractionRequired) {
		return report{}, fmt.Errorf("expected an error that says a person must sign in, not %v", got)
	}
	s.story.tell("job", "keeps the claims for the next sign-in: %s", challenge.Claims)
	return r, nil
}
