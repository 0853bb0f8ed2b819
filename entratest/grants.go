package entratest

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"time"

	"github.com/msalcae/msalcae/entratest/internal/ids"
)

// redeemCode is RFC 6749 section 4.1.3 with RFC 7636.
func redeemCode(s *Server, req *tokenRequest) (*issue, *aadError) {
	if req.form.Get("code") == "" {
		return nil, aad(900144, "code")
	}
	code, ok := s.codes.Get(req.form.Get("code"))
	switch {
	case !ok || code.tx.app != req.app:
		return nil, aad(70000)
	case !s.sameTenant(code.tx.tenant, req.tenant):
		return nil, aad(700005)
	case code.redeemed:
		return nil, aad(54005)
	case code.signin.user.blocked != 0:
		return nil, aad(code.signin.user.blocked)
	case time.Since(code.issued) > codeLifetime || code.seq < code.signin.user.validFrom:
		return nil, aad(70008)
	case req.form.Get("redirect_uri") != code.tx.redirectURI:
		return nil, aad(500112, req.form.Get("redirect_uri"))
	case !code.tx.verified(req.form.Get("code_verifier")):
		return nil, aad(501481)
	}
	singlePage := code.tx.app.singlePage(code.tx.redirectURI)
	if err := crossOriginRule(req, singlePage); err != nil {
		return nil, err
	}
	scope := code.tx.scope
	if text := req.form.Get("scope"); text != "" {
		var err *aadError
		if scope, err = s.parseScope(text, s.graph.Origin()); err != nil {
			return nil, err
		}
	}
	code.redeemed = true
	in := code.signin
	if singlePage {
		in.singlePage = s.entraNow()
	}
	return s.issueUser(req, in, scope, code.tx.claims.with(req.claims), code.tx.nonce)
}

// verified checks the code verifier (RFC 7636 section 4.6).
func (tx *transaction) verified(verifier string) bool {
	switch tx.challengeMethod {
	case "S256":
		sum := sha256.Sum256([]byte(verifier))
		return base64.RawURLEncoding.EncodeToString(sum[:]) == tx.challenge
	case "plain":
		return verifier == tx.challenge
	}
	return verifier == ""
}

// redeemRefreshToken is RFC 6749 section 6. The token is good for any API.
func redeemRefreshToken(s *Server, req *tokenRequest) (*issue, *aadError) {
	value := req.form.Get("refresh_token")
	if value == "" {
		return nil, aad(900144, "refresh_token")
	}
	rt, ok := s.refresh.Get(value)
	if !ok || rt.app != req.app {
		return nil, aad(70000).as("invalid_grant", "bad_token")
	}
	if err := rt.refusal(s.entraNow()); err != nil {
		return nil, err
	}
	if err := crossOriginRule(req, !rt.singlePage.IsZero()); err != nil {
		return nil, err
	}
	if rt.used && s.policy.strictRotation {
		rt.family.dead = true
		return nil, aad(70000).as("invalid_grant", "bad_token")
	}
	text := req.form.Get("scope")
	if text == "" {
		text = strings.Join(rt.scopes, " ")
	}
	scope, err := s.parseScope(text, s.graph.Origin())
	if err != nil {
		return nil, err
	}
	scope.offline = true // a refresh token always brings a new one
	i, err := s.issueUser(req, s.policy.acrs.refreshed(rt.signin), scope, req.claims, "")
	if err == nil {
		rt.used = true
	}
	return i, err
}

func isoTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.0000000Z") }

// issueUser issues tokens for a person's sign-in, unless something stands in
// the way.
func (s *Server) issueUser(req *tokenRequest, in signin, scope scopeRequest, claims claimsRequest, nonce string) (*issue, *aadError) {
	tenant, ok := s.tenantOf(in.user, req.tenant)
	if !ok {
		return nil, aad(50020, in.user.Username, req.tenant)
	}
	i, err := s.newIssue(req, &admission{policy: &s.policy, app: req.app, who: &in.user.principal, signin: in, scope: scope, claims: claims})
	if err != nil {
		return nil, err
	}
	i.tenant, i.objectID = tenant, in.user.objectAt(tenant)
	if tenant != in.user.Tenant { // a guest
		i.capabilities, i.lifetime = nil, s.lifetime(false)
	}
	i.user, i.signin, i.nonce = in.user.User, in, nonce
	i.contexts = s.policy.acrs.granted(s.policy.grantable(claims, in.satisfies), in.contexts)
	i.clientInfo = req.form.Get("client_info") == "1"
	if s.owner(scope.resource) != nil {
		s.assertions.Put(i.id, in)
	}
	if scope.offline {
		i.refreshToken = ids.Secret()
		s.refresh.Put(i.refreshToken, &refreshToken{signin: in, app: req.app, scopes: scope.asked, seq: i.seq, issued: i.at})
	}
	return i, nil
}

// clientCredentials is RFC 6749 section 4.4. Authentication contexts are for
// people: what the claims ask of them is not granted.
func clientCredentials(s *Server, req *tokenRequest) (*issue, *aadError) {
	if anyTenant(req.tenant) || strings.EqualFold(req.tenant, "consumers") {
		return nil, aad(9001023)
	}
	if req.strength == unproven {
		return nil, aad(7000218)
	}
	scope, err := s.parseScope(req.form.Get("scope"), s.graph.Origin())
	switch {
	case err != nil:
		return nil, err
	case !scope.isDefault():
		return nil, aad(70011, req.form.Get("scope"))
	}
	return s.newIssue(req, &admission{policy: &s.policy, app: req.app, who: &req.app.principal, scope: scope, claims: req.claims})
}
