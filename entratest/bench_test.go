package entratest

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// What the server itself costs, without TLS and connections.

func BenchmarkToken(b *testing.B) {
	s := NewServer()
	defer s.Close()
	h := s.authority()
	body := url.Values{"grant_type": {"client_credentials"}, "client_id": {clientID}, "client_secret": {clientSecret}, "scope": {s.Scope()}}.Encode()
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequest(http.MethodPost, "/"+tenantID+"/oauth2/v2.0/token", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			b.Fatal(w.Body)
		}
	}
}

func BenchmarkAPI(b *testing.B) {
	s := NewServer()
	defer s.Close()
	h := s.graphAPI()
	token := sharedKey().Sign(map[string]any{"aud": s.graph.origin(), "iss": s.Authority() + "/v2.0", "exp": 1 << 40,
		"idtyp": "app", "appid": clientID, "uti": tokenID(1)})
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequest(http.MethodGet, "/v1.0/users", nil)
		r.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			b.Fatal(w.Body)
		}
	}
}
