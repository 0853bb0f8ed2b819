package entratest

import (
	"crypto/subtle"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// IMDS returns the base URL of Azure's instance metadata service, which has
// tokens of managed identities, without TLS: http://127.0.0.1:port. Client
// sends what is meant for http://169.254.169.254 there. It is the value of
// AZURE_POD_IDENTITY_AUTHORITY_HOST.
func (s *Server) IMDS() string { return s.metadata.Origin() }

// AppService returns the values that IDENTITY_ENDPOINT and IDENTITY_HEADER have
// in an App Service or a function: its tokens are had there.
func (s *Server) AppService() (endpoint, header string) {
	return s.metadata.Origin() + appServicePath, identityHeader
}

const (
	imdsPath       = "/metadata/identity/oauth2/token"
	appServicePath = "/msi/token"
	identityHeader = "entratest-identity-header"
)

// metadataService routes what the platform serves to its own machines.
func (s *Server) metadataService() http.Handler {
	mux := http.NewServeMux()
	mux.Handle(imdsPath, s.observe(IdentityEndpoint, imdsToken))
	mux.Handle(appServicePath, s.observe(IdentityEndpoint, appServiceToken))
	return s.entered(mux)
}

// An identityRequest is a request for a token of a managed identity, whatever
// the platform.
type identityRequest struct {
	resource     string
	kind, id     string // of the identity, see managedBy; "": the system-assigned one
	capabilities []string
	hash         string
}

// An identityError is an error in the platform's terms.
type identityError struct{ code, text string }

// read takes the parameters that all platforms have; ids are the names that a
// platform has for kinds of ids.
func (r *identityRequest) read(q url.Values, ids map[string]string) *identityError {
	if oversized(q) != "" {
		return &identityError{"invalid_request", "A parameter is too long"}
	}
	r.resource, r.hash = strings.TrimSuffix(q.Get("resource"), "/"), q.Get("token_sha256_to_refresh")
	r.capabilities = strings.FieldsFunc(q.Get("xms_cc"), func(c rune) bool { return c == ',' })
	for name, kind := range ids {
		if id := q.Get(name); id != "" {
			if r.id != "" {
				return &identityError{"invalid_request", "More than one identity is specified"}
			}
			r.kind, r.id = kind, id
		}
	}
	if r.resource == "" {
		return &identityError{"invalid_request", "Required query variable 'resource' is missing"}
	}
	return nil
}

// imdsToken is the token endpoint of IMDS, see
// https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token.
func imdsToken(x *exchange) {
	if x.faulty() {
		return
	}
	q := x.r.URL.Query()
	var r identityRequest
	err := r.read(q, map[string]string{"client_id": "client_id", "object_id": "object_id", "principal_id": "object_id",
		"msi_res_id": "resource_id", "mi_res_id": "resource_id"})
	switch {
	case x.r.Method != http.MethodGet:
		x.WriteHeader(http.StatusMethodNotAllowed)
		return
	case !strings.EqualFold(x.r.Header.Get("Metadata"), "true"):
		err = &identityError{"bad_request_102", "Required metadata header not specified"}
	case q.Get("api-version") == "":
		err = &identityError{"invalid_request", "Required query variable 'api-version' is missing"}
	}
	if err == nil {
		var t platformToken
		if t, err = x.identityToken(&r); err == nil {
			now := time.Now()
			x.json(http.StatusOK, map[string]any{
				"access_token": t.value, "refresh_token": "", "token_type": "Bearer", "resource": r.resource,
				"expires_in": strconv.Itoa(int(t.expires.Sub(now) / time.Second)),
				"expires_on": strconv.FormatInt(t.expires.Unix(), 10), "not_before": strconv.FormatInt(now.Unix(), 10),
			})
			return
		}
	}
	x.rec.Error = err.code
	x.json(http.StatusBadRequest, map[string]any{"error": err.code, "error_description": err.text})
}

// appServiceVersions are the versions of App Service's endpoint.
var appServiceVersions = []string{"2019-08-01", "2025-03-30"}

// appServiceToken is App Service's, see
// https://learn.microsoft.com/azure/app-service/overview-managed-identity.
func appServiceToken(x *exchange) {
	if x.faulty() {
		return
	}
	q := x.r.URL.Query()
	var r identityRequest
	err := r.read(q, map[string]string{"client_id": "client_id", "object_id": "object_id", "principal_id": "object_id", "mi_res_id": "resource_id"})
	status := http.StatusBadRequest
	switch {
	case x.r.Method != http.MethodGet:
		status, err = http.StatusMethodNotAllowed, &identityError{"invalid_request", "The endpoint takes GET"}
	case subtle.ConstantTimeCompare([]byte(x.r.Header.Get("X-IDENTITY-HEADER")), []byte(identityHeader)) == 0:
		status, err = http.StatusUnauthorized, &identityError{"unauthorized", "The X-IDENTITY-HEADER header is missing or wrong"}
	case !slices.Contains(appServiceVersions, q.Get("api-version")):
		err = &identityError{"invalid_request", "The api-version is not supported"}
	}
	if err == nil {
		var t platformToken
		if t, err = x.identityToken(&r); err == nil {
			x.json(http.StatusOK, map[string]any{"access_token": t.value, "token_type": "Bearer", "resource": r.resource,
				"expires_on": strconv.FormatInt(t.expires.Unix(), 10), "client_id": x.rec.Client})
			return
		}
	}
	x.rec.Error = err.code
	x.json(status, map[string]any{"statusCode": status, "message": err.text})
}

// identityToken returns the platform's token, an old one if it has one.
func (x *exchange) identityToken(r *identityRequest) (platformToken, *identityError) {
	x.rec.Scopes = []string{bounded(r.resource)}
	s := x.s
	s.mu.Lock()
	app := s.system
	if r.id != "" {
		app = s.managedBy(r.kind, r.id)
	}
	if app == nil {
		s.mu.Unlock()
		return platformToken{}, &identityError{"invalid_request", "Identity not found"}
	}
	x.rec.Client = app.ClientID
	key := app.ClientID + " " + r.resource
	if t, ok := s.kept(key, r.hash); ok {
		s.mu.Unlock()
		return t, nil
	}
	i, err := s.issueIdentity(app, r)
	s.mu.Unlock()
	if err != nil {
		x.note(err)
		code := "unauthorized_client"
		if err.aadsts == 500011 {
			code = "invalid_resource"
		}
		return platformToken{}, &identityError{code, err.describe(x)}
	}
	t := platformToken{value: s.signer().Sign(i.accessToken()), expires: time.Unix(i.expires(i.lifetime), 0)}
	t.hash = hashOf(t.value)
	s.issuedToken(t.value)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.platform.Put(key, t)
	return t, nil
}

// issueIdentity decides on a new token, as for client credentials. s.mu is held.
func (s *Server) issueIdentity(app *app, r *identityRequest) (*issue, *aadError) {
	scope, err := s.parseScope(r.resource+"/.default", s.graph.Origin())
	if err != nil {
		return nil, err
	}
	p := s.policy.identities
	req := &tokenRequest{origin: s.web.Origin(), tenant: s.tenantID, app: app, strength: "2"}
	i, err := s.newIssue(req, &admission{policy: &s.policy, app: app, who: &app.principal, scope: scope})
	if err != nil {
		return nil, err
	}
	if s.policy.lifetime == 0 {
		i.lifetime = identityLifetime
	}
	switch {
	case p.CAE:
		i.capabilities = []string{"cp1"}
	case p.Revocation:
		i.capabilities = slices.DeleteFunc(r.capabilities, func(c string) bool { return !strings.EqualFold(c, "cp1") })
	}
	return i, nil
}
