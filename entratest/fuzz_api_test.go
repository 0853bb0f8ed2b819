package entratest

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// Whatever comes with a good token, the API does not break, and what it answers
// ends.
func FuzzAPI(f *testing.F) {
	for _, seed := range []struct{ method, target, ranges, body string }{
		{"GET", "/v1.0/users?$top=1&$select=id&$skiptoken=YXQgMQ", "", ""},
		{"GET", "/v1.0/me/messages/x?$skiptoken=%zz", "", ""},
		{"PATCH", "/beta/me", "", `{"jobTitle":"x","@odata.type":1}`},
		{"POST", "/v1.0/$batch", "", `{"requests":[{"id":"1","method":"GET","url":"/me","headers":{"a\n":"b"},"dependsOn":["2"]},{"id":"2","method":"P T","url":"/"}]}`},
		{"POST", "/v1.0/me/drive/root:/x:/createUploadSession", "", "null"},
		{"POST", "/v1.0/users/ada@contoso.test/revokeSignInSessions", "", ""},
		{"PUT", "/up/x", "bytes 0-3/4", "four"},
		{"PUT", "/up/open", "bytes 0-9223372036854775807/1", "four"},
		{"DELETE", "/v1.0/me/drive/items/x", "", ""},
		{"PATCH", "/v1.0/me/drive/items/x", "", `{"name":[]}`},
	} {
		f.Add(seed.method, seed.target, seed.ranges, seed.body)
	}
	s := NewServer()
	f.Cleanup(s.Close)
	graph, uploads := s.graphAPI(), s.uploadURLs()
	f.Fuzz(func(t *testing.T, method, target, ranges, body string) {
		u, err := url.Parse(target)
		if err != nil || len(body) > 1<<16 {
			return
		}
		token := sharedKey().Sign(map[string]any{"aud": s.graph.Origin(), "iss": s.Authority() + "/v2.0", "exp": 1 << 40,
			"idtyp": "app", "appid": clientID, "uti": tokenID(s.mark())})
		if u.Path == "/up/open" {
			r := httptest.NewRequest(http.MethodPost, "/v1.0/me/drive/root:/x:/createUploadSession", http.NoBody)
			r.Header.Set("Authorization", "Bearer "+token)
			w := httptest.NewRecorder()
			graph.ServeHTTP(w, r)
			_, opened, ok := strings.Cut(w.Body.String(), "/up/")
			if !ok {
				t.Fatalf("no upload session: status %d", w.Code)
			}
			id, _, _ := strings.Cut(opened, `"`)
			u.Path = "/up/" + id
		}
		for _, h := range []http.Handler{graph, uploads} {
			r := httptest.NewRequest(http.MethodGet, "/", strings.NewReader(body))
			r.Method, r.URL = method, u
			r.Header.Set("Content-Range", ranges)
			if strings.HasPrefix(u.Path, "/v1.0") {
				r.Header.Set("Authorization", "Bearer "+token)
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code >= 500 || w.Code < 200 {
				t.Errorf("%s %q %q %q: status %d", method, target, ranges, body, w.Code)
			}
		}
	})
}

// mark is a place in the order of events.
func (s *Server) mark() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.next()
}
