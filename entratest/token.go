package entratest

import (
	"net/http"
	"net/url"
	"strings"
)

// A tokenRequest is a request for the token endpoint of which the client is
// known.
type tokenRequest struct {
	form   url.Values
	origin string // the authority, as the client knows it
	tenant string // as the path has it
	app    *app
	claims claimsRequest
}

// A grant answers one grant_type. s.mu is held.
type grant func(s *Server, req *tokenRequest) (*issue, *aadError)

var grants = map[string]grant{
	"authorization_code": redeemCode,
	"refresh_token":      redeemRefreshToken,
	"client_credentials": clientCredentials,

	"urn:ietf:params:oauth:grant-type:jwt-bearer": onBehalfOf,

	// The name of the drafts, which MSAL Go and MSAL Node use, and RFC 8628's.
	"device_code": redeemDeviceCode,
	"urn:ietf:params:oauth:grant-type:device_code": redeemDeviceCode,
}

// token is the token endpoint (RFC 6749 section 3.2).
func token(x *exchange) {
	x.r.Body = http.MaxBytesReader(x.ResponseWriter, x.r.Body, maxFormBytes)
	formErr := x.r.ParseForm()
	form := x.r.PostForm
	x.recordForm(form)
	id, _ := clientAuth(x.r)
	x.rec.Client = bounded(id)
	x.s.recorder.count(func(st *Stats) { st.granted(x.rec.Grant) })
	if id := form.Get("client-request-id"); isGUID(id) {
		x.rec.CorrelationID = id
	}
	if x.faulty() {
		return
	}
	switch {
	case x.r.Method != http.MethodPost:
		x.fail(aad(900561, x.r.Method))
		return
	case formErr != nil:
		x.fail(aad(90023, "the body cannot be read"))
		return
	}
	answer, err := x.s.answerToken(x)
	if err != nil {
		x.fail(err)
		return
	}
	x.Header().Set("x-ms-clitelem", "1,0,0,,")
	x.json(http.StatusOK, answer)
}

func (s *Stats) granted(grant string) {
	switch grant {
	case "authorization_code":
		s.CodeRequests++
	case "refresh_token":
		s.RefreshRequests++
	case "client_credentials":
		s.ClientCredentialsRequests++
	case "urn:ietf:params:oauth:grant-type:jwt-bearer":
		s.OnBehalfOfRequests++
	case "device_code", "urn:ietf:params:oauth:grant-type:device_code":
		s.DevicePolls++
	}
}

func (s *Server) answerToken(x *exchange) (map[string]any, *aadError) {
	req := &tokenRequest{form: x.r.PostForm, origin: s.loginOrigin(x.r), tenant: x.r.PathValue("tenant")}
	if _, ok := s.tenant(req.tenant); !ok {
		return nil, aad(90002, req.tenant)
	}
	kind := req.form.Get("grant_type")
	if kind == "" {
		return nil, aad(900144, "grant_type")
	}
	grant, ok := grants[kind]
	if !ok {
		return nil, aad(70003, kind)
	}
	claims, err := parseClaims(req.form.Get("claims"))
	if err != nil {
		return nil, aad(90100, "claims")
	}
	req.claims = claims
	i, aadErr := s.grant(x, req, grant)
	if aadErr != nil {
		return nil, aadErr
	}
	x.rec.Account = i.label
	// The signature is what takes long: nobody else waits for it.
	return i.sign(s.keys[0]), nil
}

func (s *Server) grant(x *exchange, req *tokenRequest, grant grant) (*issue, *aadError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	app, err := s.authenticate(x.r)
	if err != nil {
		return nil, err
	}
	req.app = app
	return grant(s, req)
}

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

// authenticate returns the application that makes the request. s.mu is held.
func (s *Server) authenticate(r *http.Request) (*app, *aadError) {
	id, secret := clientAuth(r)
	app := s.app(id)
	asserted := r.PostForm.Get("client_assertion") != ""
	switch {
	case id == "":
		return nil, aad(900144, "client_id")
	case app == nil:
		return nil, aad(700016, id)
	case !app.confidential() && (secret != "" || asserted):
		return nil, aad(700025)
	case app.confidential() && asserted: // no application has a certificate
		return nil, aad(700027)
	case app.confidential() && secret == "":
		return nil, aad(7000218)
	case secret != app.Secret:
		return nil, aad(7000215, app.ClientID)
	}
	if app.blocked != 0 {
		return nil, aad(app.blocked, app.ClientID)
	}
	return app, nil
}
