package entratest

import (
	"time"

	"github.com/msalcae/msalcae/entratest/internal/jose"
)

// onBehalfOf is RFC 7523 section 2.1 in Entra's form: an API that was called
// with a person's token asks for a token of that person for another API. See
// https://learn.microsoft.com/entra/identity-platform/v2-oauth2-on-behalf-of-flow.
func onBehalfOf(s *Server, req *tokenRequest) (*issue, *aadError) {
	switch use := req.form.Get("requested_token_use"); {
	case req.form.Get("assertion") == "":
		return nil, aad(900144, "assertion")
	case use == "":
		return nil, aad(900144, "requested_token_use")
	case use != "on_behalf_of":
		return nil, aad(90100, "requested_token_use")
	case req.strength == unproven:
		return nil, aad(7000218)
	}
	in, err := s.userAssertion(req.form.Get("assertion"), req.app)
	if err != nil {
		return nil, err
	}
	scope, err := s.parseScope(req.form.Get("scope"), s.graph.Origin())
	if err != nil {
		return nil, err
	}
	i, err := s.issueUser(req, in, scope, req.claims, "")
	if err != nil && (err.aadsts == 50076 || err.aadsts == 50079) {
		err.as("interaction_required", err.suberror) // as the documentation of this flow shows it
	}
	return i, err
}

// userAssertion returns the sign-in behind an access token that a client of
// the application's API has sent to it. s.mu is held.
func (s *Server) userAssertion(assertion string, app *app) (signin, *aadError) {
	t, err := s.verifier.verify(assertion)
	now := s.entraNow()
	switch {
	case err == jose.ErrForm:
		return signin{}, aad(50013, "the assertion is malformed")
	case err != nil:
		return signin{}, aad(50013, "the key that signed it was not found, or the signature does not match")
	case t.Kind == "":
		return signin{}, aad(240002)
	case s.owner(t.Audience) != app:
		return signin{}, aad(50013, "its audience is not the application that presents it")
	case !s.ownIssuer(t.Issuer):
		return signin{}, aad(50013, "its issuer is another authority")
	case t.Kind != "user":
		return signin{}, aad(7000114, app.ClientID)
	case now.Unix() >= t.Expires, now.Add(maxSkew).Unix() < t.NotBefore:
		return signin{}, aad(500133, isoTime(now), isoTime(time.Unix(t.Expires, 0)))
	}
	in, ok := s.assertions.Get(t.ID)
	switch {
	case !ok || t.seq < s.born:
		return signin{}, aad(50013, "it was issued too long ago")
	case in.user.blocked != 0:
		return signin{}, aad(in.user.blocked)
	case t.seq < in.user.validFrom:
		return signin{}, aad(50173, isoTime(time.Unix(t.NotBefore, 0)), isoTime(in.user.validFromAt))
	}
	in.family = new(family)
	return in, nil
}
