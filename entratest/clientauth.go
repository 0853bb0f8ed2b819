package entratest

import (
	"net/http"
	"net/url"
	"strings"
)

// assertionType is RFC 7523's name for a JWT that authenticates a client.
const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// unproven is the strength of a client that has not proved itself, as
// appidacr has it; 1 is a secret, 2 an assertion.
const unproven = "0"

// clientAuth returns the client's id and secret, from the body or from basic
// authentication (RFC 6749 section 2.3.1), whose parts are form-encoded.
func clientAuth(r *http.Request) (id, secret string) {
	id, secret = r.PostForm.Get("client_id"), r.PostForm.Get("client_secret")
	user, pass, ok := r.BasicAuth()
	if !ok {
		return id, secret
	}
	user, errUser := url.QueryUnescape(user)
	pass, errPass := url.QueryUnescape(pass)
	if errUser != nil || errPass != nil || id != "" && !strings.EqualFold(id, user) {
		return id, ""
	}
	return user, pass
}

// authenticate finds the application that makes the request, and what it
// proved itself with. s.mu is held.
func (s *Server) authenticate(req *tokenRequest, r *http.Request) *aadError {
	id, secret := clientAuth(r)
	assertion := req.form.Get("client_assertion")
	app := s.app(id)
	switch {
	case id == "":
		return aad(900144, "client_id")
	case app == nil:
		return aad(700016, id)
	case !app.confidential() && (secret != "" || assertion != ""):
		return aad(700025)
	case app.confidential() && secret == "" && assertion == "" && !app.AllowPublicClient:
		return aad(7000218)
	}
	req.app, req.strength = app, unproven
	switch {
	case assertion != "":
		if err := s.clientAssertion(req, assertion); err != nil {
			return err
		}
		req.strength = "2"
	case secret != "":
		if secret != app.Secret {
			return aad(7000215, app.ClientID)
		}
		req.strength = "1"
	}
	if app.blocked != 0 {
		return aad(app.blocked, app.ClientID)
	}
	return nil
}
