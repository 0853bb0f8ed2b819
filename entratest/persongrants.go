package entratest

import (
	"net/http"
	"strings"

	"github.com/msalcae/msalcae/entratest/internal/ids"
	"github.com/msalcae/msalcae/entratest/internal/jose"
)

// The grants that name a person who is not there: no session of a browser is
// behind their tokens.

// withPassword is RFC 6749 section 4.3. A second factor cannot be given.
func withPassword(s *Server, req *tokenRequest) (*issue, *aadError) {
	name, pass := req.form.Get("username"), req.form.Get("password")
	switch {
	case strings.EqualFold(req.tenant, "common"), strings.EqualFold(req.tenant, "consumers"):
		return nil, aad(9001023)
	case name == "":
		return nil, aad(900144, "username")
	case pass == "":
		return nil, aad(900144, "password")
	}
	user := s.user(name)
	if user == nil {
		return nil, aad(50034)
	}
	if err := user.passwordError(pass); err != nil {
		return nil, err
	}
	return s.issueAbsent(req, user)
}

// passwordError is nil if the person may sign in with the password.
func (u *account) passwordError(password string) *aadError {
	if u.Password == "" || u.Password != password {
		return aad(50126)
	}
	if u.blocked != 0 {
		return aad(u.blocked)
	}
	return nil
}

// withUserCredential is the user_fic grant: an application with a federated
// credential for a person gets that person's token. Nothing but the MSALs
// describes it.
func withUserCredential(s *Server, req *tokenRequest) (*issue, *aadError) {
	id, name := req.form.Get("user_id"), req.form.Get("username")
	credential := req.form.Get("user_federated_identity_credential")
	switch {
	case credential == "":
		return nil, aad(900144, "user_federated_identity_credential")
	case id == "" && name == "":
		return nil, aad(900144, "user_id")
	case id != "" && name != "":
		return nil, aad(90023, "user_id and username exclude each other")
	case req.strength == unproven:
		return nil, aad(7000218)
	}
	if err := s.userCredential(req.app, credential); err != nil {
		return nil, err
	}
	user := s.user(id + name)
	switch {
	case user == nil, id != "" && !strings.EqualFold(user.ObjectID, id):
		return nil, aad(50034)
	case user.blocked != 0:
		return nil, aad(user.blocked)
	}
	return s.issueAbsent(req, user)
}

// userCredential checks the credential: a token that one of the application's
// federated credentials is for, or the application's own for this purpose.
func (s *Server) userCredential(app *app, credential string) *aadError {
	token, err := jose.Parse(credential)
	if err != nil {
		return aad(50027)
	}
	var claims assertionClaims
	var own accessToken
	if token.Claims(&claims) != nil {
		return aad(50027)
	}
	if !s.ownIssuer(claims.Issuer) || token.Claims(&own) != nil || !strings.EqualFold(own.App, app.ClientID) {
		return s.federated(app, token, &claims)
	}
	key := s.key(token.Header.KeyID)
	switch {
	case key == nil || token.Verify(key.Public()) != nil:
		return aad(70023)
	case own.Kind != "app":
		return aad(700229)
	case !hasFold(claims.Audience, exchangeAudience):
		return aad(700212, strings.Join(claims.Audience, " "))
	}
	return claims.inTime(s.entraNow())
}

// issueAbsent issues tokens for a person without a session. s.mu is held.
func (s *Server) issueAbsent(req *tokenRequest, user *account) (*issue, *aadError) {
	scope, err := s.parseScope(req.form.Get("scope"), s.graph.Origin())
	if err != nil {
		return nil, err
	}
	in := signin{user: user, session: ids.NewGUID(), family: new(family), at: s.entraNow(), contexts: map[string]bool{}}
	return s.issueUser(req, in, scope, req.claims, "")
}

// userRealm tells where a person's password is checked, which clients ask
// before they send it: here.
func userRealm(x *exchange) {
	if x.faulty() {
		return
	}
	_, domain, _ := strings.Cut(bounded(x.r.PathValue("user")), "@")
	x.json(http.StatusOK, map[string]any{
		"ver": "1.0", "account_type": "Managed", "domain_name": domain,
		"cloud_instance_name": strings.TrimPrefix(x.s.loginOrigin(x.r), "https://"),
		"cloud_audience_urn":  "urn:federation:MicrosoftOnline",
	})
}
