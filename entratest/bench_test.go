package entratest

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// What the server itself costs, without TLS and connections.

func BenchmarkAPI(b *testing.B) {
	s := NewServer()
	defer s.Close()
	h := s.graphAPI()
	token := sharedKey().Sign(map[string]any{"aud": s.graph.Origin(), "iss": s.Authority() + "/v2.0", "exp": 1 << 40,
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
