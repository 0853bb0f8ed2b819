package main

import "context"

// stepUp is scene e: the API wants the authentication context c1, which ada's
// sign-in does not have. She is asked once; after that the token has it.
func stepUp(ctx context.Context, s *stage) (report, error) {
	client, err := s.desktop(ctx)
	if err != nil {
		return report{}, err
	}
	if err := s.first(ctx, client, "/me"); err != nil {
		return report{}, err
	}
	s.story.tell("admin", "demands authentication context c1, a second factor, for the API")
	s.entra.RequireAuthContext("c1")

	s.story.tell("ada", "reads /me twice, with the same http.Client:")
	return s.measure(func() (int, error) {
		if status, err := get(ctx, client, s.entra.API()+"/me"); err != nil {
			return status, err
		}
		return get(ctx, client, s.entra.API()+"/me")
	}), nil
}
