package main

import "context"

// sessionRevoked is scene b: an administrator revokes the user's sessions. The
// refresh token is dead too, so the browser opens once, with the claims of the
// API, and the call goes on.
func sessionRevoked(ctx context.Context, s *stage) (report, error) {
	client, err := s.desktop(ctx)
	if err != nil {
		return report{}, err
	}
	if err := s.first(ctx, client, "/me"); err != nil {
		return report{}, err
	}
	s.story.tell("admin", "revokes ada's sessions")
	s.entra.Revoke(s.entra.Username())

	s.story.tell("ada", "reads /me again, with the same http.Client:")
	return s.measure(func() (int, error) { return get(ctx, client, s.entra.API()+"/me") }), nil
}
