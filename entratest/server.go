// Package entratest is a local Entra ID with an API that takes part in
// Continuous Access Evaluation, for tests.
package entratest

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"
)

const tenant = "11111111-2222-3333-4444-555555555555"

// Server is a running local Entra ID.
type Server struct {
	web, graph *httptest.Server
	key        *rsa.PrivateKey

	mu        sync.Mutex
	serial    int
	validFrom int // tokens of a lower serial are revoked
	stats     Stats
}

// Stats counts what the server saw.
type Stats struct{ TokenRequests, APICalls, Challenges int }

// NewServer starts a server on loopback, with TLS.
func NewServer() *Server {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	s := &Server{key: key}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{tenant}/v2.0/.well-known/openid-configuration", s.discovery)
	mux.HandleFunc("POST /{tenant}/oauth2/v2.0/token", s.token)
	s.web = httptest.NewTLSServer(mux)
	s.graph = httptest.NewTLSServer(http.HandlerFunc(s.api))
	return s
}

// Close stops the server.
func (s *Server) Close() {
	s.web.Close()
	s.graph.Close()
}

// Client trusts the server's certificate.
func (s *Server) Client() *http.Client { return s.web.Client() }

// Authority is the authority URL of the tenant.
func (s *Server) Authority() string { return s.web.URL + "/" + tenant }

// API is the base URL of the Graph-like API.
func (s *Server) API() string { return s.graph.URL + "/v1.0" }

// Scope asks for everything that was granted on the API.
func (s *Server) Scope() string { return s.graph.URL + "/.default" }

// ClientID is the confidential client's.
func (s *Server) ClientID() string { return "99999999-0000-4000-8000-000000000001" }

// ClientSecret is the confidential client's.
func (s *Server) ClientSecret() string { return "entratest-client-secret" }

// Revoke makes the API refuse all tokens issued so far.
func (s *Server) Revoke(string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.validFrom = s.serial + 1
}

// Stats returns the counters.
func (s *Server) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stats
}

func (s *Server) discovery(w http.ResponseWriter, r *http.Request) {
	at := s.web.URL + "/" + r.PathValue("tenant")
	reply(w, http.StatusOK, map[string]any{
		"issuer":                 at + "/v2.0",
		"authorization_endpoint": at + "/oauth2/v2.0/authorize",
		"token_endpoint":         at + "/oauth2/v2.0/token",
		"jwks_uri":               at + "/discovery/v2.0/keys",
	})
}

func (s *Server) token(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.stats.TokenRequests++
	s.serial++
	serial := s.serial
	s.mu.Unlock()
	if r.FormValue("client_secret") != s.ClientSecret() || r.FormValue("grant_type") != "client_credentials" {
		reply(w, http.StatusUnauthorized, map[string]any{"error": "invalid_client"})
		return
	}
	now := time.Now().Unix()
	reply(w, http.StatusOK, map[string]any{
		"token_type": "Bearer", "expires_in": 86399,
		"access_token": s.sign(map[string]any{"aud": s.graph.URL, "iat": now, "nbf": now, "exp": now + 86399, "uti": serial}),
	})
}

func (s *Server) api(w http.ResponseWriter, r *http.Request) {
	serial, ok := s.verify(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
	s.mu.Lock()
	s.stats.APICalls++
	revoked := serial < s.validFrom
	if ok && revoked {
		s.stats.Challenges++
	}
	s.mu.Unlock()
	switch {
	case !ok:
		w.Header().Set("WWW-Authenticate", `Bearer realm=""`)
		reply(w, http.StatusUnauthorized, map[string]any{"error": "InvalidAuthenticationToken"})
	case revoked:
		claims := fmt.Sprintf(`{"access_token":{"nbf":{"essential":true, "value":"%d"}}}`, time.Now().Unix())
		w.Header().Set("WWW-Authenticate", fmt.Sprintf(
			`Bearer realm="", authorization_uri="%s/common/oauth2/authorize", client_id="00000003-0000-0000-c000-000000000000", error="insufficient_claims", claims="%s"`,
			s.web.URL, base64.StdEncoding.EncodeToString([]byte(claims))))
		reply(w, http.StatusUnauthorized, map[string]any{"error": "InvalidAuthenticationToken"})
	default:
		reply(w, http.StatusOK, map[string]any{"value": []string{}})
	}
}

func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(body)
}

func (s *Server) sign(claims map[string]any) string {
	payload, _ := json.Marshal(claims)
	text := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"RS256","typ":"JWT"}`)) + "." + base64.RawURLEncoding.EncodeToString(payload)
	sum := sha256.Sum256([]byte(text))
	sig, _ := rsa.SignPKCS1v15(nil, s.key, crypto.SHA256, sum[:])
	return text + "." + base64.RawURLEncoding.EncodeToString(sig)
}

func (s *Server) verify(token string) (serial int, ok bool) {
	i := strings.LastIndexByte(token, '.')
	if i < 0 {
		return 0, false
	}
	sig, _ := base64.RawURLEncoding.DecodeString(token[i+1:])
	sum := sha256.Sum256([]byte(token[:i]))
	if rsa.VerifyPKCS1v15(&s.key.PublicKey, crypto.SHA256, sum[:], sig) != nil {
		return 0, false
	}
	_, payload, _ := strings.Cut(token[:i], ".")
	b, _ := base64.RawURLEncoding.DecodeString(payload)
	var claims struct {
		Exp int64 `json:"exp"`
		Uti int   `json:"uti"`
	}
	if json.Unmarshal(b, &claims) != nil || time.Now().Unix() >= claims.Exp {
		return 0, false
	}
	return claims.Uti, true
}
