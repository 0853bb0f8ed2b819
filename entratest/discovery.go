package entratest

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/msalcae/msalcae/entratest/internal/pages"
	"github.com/msalcae/msalcae/internal/clouds"
)

// authority routes what a login host serves.
func (s *Server) authority() http.Handler {
	mux := http.NewServeMux()
	handle := func(pattern string, e Endpoint, h handler) {
		mux.Handle(pattern, s.observe(e, func(x *exchange) {
			x.entraHeaders()
			h(x)
		}))
	}
	handle("GET /common/discovery/instance", DiscoveryEndpoint, instanceDiscovery)
	handle("GET /{tenant}/v2.0/.well-known/openid-configuration", DiscoveryEndpoint, openIDConfiguration)
	handle("GET /{tenant}/discovery/v2.0/keys", DiscoveryEndpoint, jwks)
	handle("GET /{tenant}/discovery/keys", DiscoveryEndpoint, jwks)
	handle("GET /{tenant}/oauth2/v2.0/authorize", AuthorizeEndpoint, authorize)
	handle("POST /{tenant}/oauth2/v2.0/authorize", AuthorizeEndpoint, authorize)
	handle("POST /{tenant}/login", SignInEndpoint, signIn)
	handle("/{tenant}/oauth2/v2.0/token", TokenEndpoint, token)
	handle("POST /{tenant}/oauth2/v2.0/devicecode", DeviceEndpoint, deviceAuthorization)
	handle("GET /{tenant}/oauth2/deviceauth", SignInEndpoint, enterDevicePage)
	handle("POST /{tenant}/oauth2/deviceauth", SignInEndpoint, enterUserCode)
	handle("GET /common/userrealm/{user}", DiscoveryEndpoint, userRealm)
	handle("GET /common/UserRealm/{user}", DiscoveryEndpoint, userRealm) // as MSAL Go spells it
	handle("GET /{tenant}/oauth2/v2.0/logout", LogoutEndpoint, logout)
	handle("POST /{tenant}/oauth2/v2.0/logout", LogoutEndpoint, logout)
	handle("GET /common/oauth2/nativeclient", OtherEndpoint, func(x *exchange) { pages.Write(x, x.r, http.StatusOK, pages.Blank, nil) })
	handle("/", OtherEndpoint, func(x *exchange) { x.WriteHeader(http.StatusNotFound) })
	all := http.NewServeMux() // in the first, an issuer's name could be a tenant's
	all.Handle("/", mux)
	all.Handle("GET "+issuersPath+"{name}/{what...}", s.observe(DiscoveryEndpoint, serveIssuer))
	return s.entered(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if forScripts(r.URL.Path) {
			crossOrigin(all).ServeHTTP(w, r)
			return
		}
		all.ServeHTTP(w, r)
	}))
}

// entered keeps Close waiting for requests that are being answered.
func (s *Server) entered(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.handlers.Enter() {
			panic(http.ErrAbortHandler)
		}
		defer s.handlers.Leave()
		h.ServeHTTP(w, r)
	})
}

// instanceDiscovery tells a client which hosts are one and the same authority.
func instanceDiscovery(x *exchange) {
	if x.faulty() {
		return
	}
	u, err := url.Parse(x.r.URL.Query().Get("authorization_endpoint"))
	if err != nil || u.Scheme != "https" || !x.s.ownHost(u.Host) {
		x.fail(aad(50049))
		return
	}
	tenant, _, _ := strings.Cut(strings.TrimPrefix(u.Path, "/"), "/")
	x.Header().Set("Cache-Control", "max-age=86400, private")
	x.Header().Set("Access-Control-Allow-Origin", "*")
	x.json(http.StatusOK, map[string]any{
		"tenant_discovery_endpoint": "https://" + u.Host + "/" + url.PathEscape(tenant) + "/v2.0/.well-known/openid-configuration",
		"api-version":               "1.1",
		"metadata":                  x.s.instances(),
	})
}

func (s *Server) instances() []map[string]any {
	var all []map[string]any
	for _, host := range s.web.Names() {
		all = append(all, map[string]any{"preferred_network": host, "preferred_cache": host, "aliases": []string{host}})
	}
	for _, c := range clouds.All {
		all = append(all, map[string]any{"preferred_network": c.Login[0], "preferred_cache": c.Cache, "aliases": c.Login})
	}
	return all
}

// knownTenant returns the tenant of the path as it is written there, and its
// id. If there is none, or a fault is due, it has answered.
func (x *exchange) knownTenant() (name, id string, ok bool) {
	name = x.r.PathValue("tenant")
	id, ok = x.s.tenant(name)
	if x.faulty() {
		return name, id, false
	}
	if !ok {
		x.fail(aad(90002, name))
	}
	return name, id, ok
}

func openIDConfiguration(x *exchange) {
	name, id, ok := x.knownTenant()
	if !ok {
		return
	}
	origin := x.s.loginOrigin(x.r)
	at := origin + "/" + name
	if anyTenant(name) {
		id = "{tenantid}"
	}
	host := strings.TrimPrefix(origin, "https://")
	x.Header().Set("Cache-Control", "max-age=86400, private")
	x.Header().Set("Access-Control-Allow-Origin", "*")
	x.json(http.StatusOK, map[string]any{
		"token_endpoint":                        at + "/oauth2/v2.0/token",
		"token_endpoint_auth_methods_supported": []string{"client_secret_post", "private_key_jwt", "client_secret_basic"},
		"jwks_uri":                              at + "/discovery/v2.0/keys",
		"response_modes_supported":              []string{"query", "fragment", "form_post"},
		"subject_types_supported":               []string{"pairwise"},
		"id_token_signing_alg_values_supported": []string{"RS256"},
		"response_types_supported":              []string{"code"},
		"scopes_supported":                      []string{"openid", "profile", "email", "offline_access"},
		"code_challenge_methods_supported":      []string{"plain", "S256"},
		"issuer":                                origin + "/" + id + "/v2.0",
		"request_uri_parameter_supported":       false,
		"authorization_endpoint":                at + "/oauth2/v2.0/authorize",
		"end_session_endpoint":                  at + "/oauth2/v2.0/logout",
		"http_logout_supported":                 true,
		"frontchannel_logout_supported":         true,
		"userinfo_endpoint":                     "https://" + x.s.graph.Addr + "/oidc/userinfo",
		"device_authorization_endpoint":         at + "/oauth2/v2.0/devicecode",
		"claims_supported": []string{"sub", "iss", "aud", "exp", "iat", "auth_time", "nonce",
			"preferred_username", "name", "oid", "tid", "ver"},
		"tenant_region_scope":   "EU",
		"cloud_instance_name":   host,
		"cloud_graph_host_name": x.s.graph.Addr,
		"msgraph_host":          x.s.graph.Addr,
	})
}

func jwks(x *exchange) {
	name, id, ok := x.knownTenant()
	if !ok {
		return
	}
	if anyTenant(name) {
		id = "{tenantid}"
	}
	origin := x.s.loginOrigin(x.r)
	var keys []map[string]any
	for _, k := range x.s.published() {
		jwk := k.JWK()
		jwk["cloud_instance_name"] = strings.TrimPrefix(origin, "https://")
		jwk["issuer"] = origin + "/" + id + "/v2.0"
		keys = append(keys, jwk)
	}
	x.json(http.StatusOK, map[string]any{"keys": keys})
}
