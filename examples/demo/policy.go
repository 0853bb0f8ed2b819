package main

import "context"

// policyMoves is scene a: a user reads /me while an administrator changes a
// policy. The token in use is refused, the sign-in behind it stays good, so
// nobody is asked for anything.
func policyMoves(ctx context.Context, s *stage) (report, error) {
	client, err := s.desktop(ctx)
	if err != nil {
		return report{}, err
	}
	if err := s.first(ctx, client, "/me"); err != nil {
		return report{}, err
	}
	s.story.tell("admin", "changes a policy that applies to ada")
	s.entra.ChangePolicy(s.entra.Username())

	s.story.tell("ada", "reads /me again, with the same http.Client:")
	return s.measure(func() (int, error) { return get(ctx, client, s.entra.API()+"/me") }), nil
}
