package entratest

import (
	"net/http"
	"net/url"
)

// A tokenRequest is a request for the token endpoint of which the client is
// known.
type tokenRequest struct {
	form     url.Values
	origin   string // the authority, as the client knows it
	tenant   string // as the path has it
	app      *app
	strength string // of its proof, as appidacr has it; see unproven

	crossOrigin bool   // a script of a page asks
	page        string // that page's origin

	claims claimsRequest
}

// A grant answers one grant_type. s.mu is held.
type grant func(s *Server, req *tokenRequest) (*issue, *aadError)

var grants = map[string]grant{
	"authorization_code": redeemCode,
	"refresh_token":      redeemRefreshToken,
	"client_credentials": clientCredentials,

	"urn:ietf:params:oauth:grant-type:jwt-bearer": onBehalfOf,

	"password": withPassword,
	"user_fic": withUserCredential,

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
	case "password":
		s.PasswordRequests++
	case "user_fic":
		s.UserCredentialRequests++
	case "urn:ietf:params:oauth:grant-type:jwt-bearer":
		s.OnBehalfOfRequests++
	case "device_code", "urn:ietf:params:oauth:grant-type:device_code":
		s.DevicePolls++
	}
}

func (s *Server) answerToken(x *exchange) (map[string]any, *aadError) {
	req := &tokenRequest{form: x.r.PostForm, origin: s.loginOrigin(x.r), tenant: x.r.PathValue("tenant")}
	req.page = x.r.Header.Get("Origin")
	req.crossOrigin = req.page != "" && req.page != req.origin
	if _, ok := s.tenant(req.tenant); !ok {
		return nil, aad(90002, req.tenant)
	}
	if req.form.Has("resource") {
		return nil, aad(901002)
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
	answer := i.sign(s.signer())
	s.issuedToken(answer["access_token"].(string))
	return answer, nil
}

func (s *Server) grant(x *exchange, req *tokenRequest, grant grant) (*issue, *aadError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.authenticate(req, x.r); err != nil {
		return nil, err
	}
	return grant(s, req)
}
