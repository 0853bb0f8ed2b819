package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/msalcae/msalcae"
)

// nobodyThere is scene f: the sessions are revoked while a program works at
// night for ada, and must not ask. It gets an error that says what to do and
// holds the claims; when she signs in, with those claims, it works again.
func nobodyThere(ctx context.Context, s *stage) (report, error) {
	app, err := s.app()
	if err != nil {
		return report{}, err
	}
	ada, err := app.SignIn(ctx, s.entra.Scope())
	if err != nil {
		return report{}, err
	}
	s.story.tell("ada", "signs in, and leaves the daemon to work at night")
	night := s.transport(app.Account(ada, s.entra.Scope()))
	night.NoPrompt = true
	daemon := night.Client()
	if err := s.first(ctx, daemon, "/me"); err != nil {
		return report{}, err
	}
	s.story.tell("admin", "revokes ada's sessions")
	s.entra.Revoke(s.entra.Username())

	s.story.tell("daemon", "reads /me again, with the same http.Client:")
	var got error
	r := s.measure(func() (status int, err error) {
		status, got = get(ctx, daemon, s.entra.API()+"/me")
		return status, got
	})
	challenge := new(msalcae.ChallengeError)
	if !errors.As(got, &challenge) || challenge.Claims == "" || !errors.Is(got, msalcae.ErrInteractionRequired) {
		return report{}, fmt.Errorf("expected a challenge that says a person must sign in, not %v", got)
	}

	s.story.tell("daemon", "keeps the claims of its error: %s", challenge.Claims)
	s.story.tell("ada", "signs in the next morning, and the daemon reads /me:")
	status := 0
	s.watch(func() {
		if _, err = app.SignIn(ctx, s.entra.Scope()); err == nil {
			status, err = get(ctx, daemon, s.entra.API()+"/me")
		}
	})
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("the daemon's call after the sign-in ended with %d", status)
	}
	return r, err
}
