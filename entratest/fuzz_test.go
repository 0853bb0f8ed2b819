package entratest

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

var claimsSeeds = []string{
	"", "{}", "null", "[]", `{"access_token":null}`, `{"access_token":{"acrs":null}}`,
	`{"access_token":{"nbf":{"essential":true, "value":"1700000000"},"xms_cc":{"values":["cp1"]}}}`,
	`{"access_token":{"acrs":{"essential":true,"values":["c1",1,null,{}]},"nbf":{"value":1e99}}}`,
	`{"access_token":{"capolids":{"essential":true,"values":["` + policyID + `"]}},"id_token":{"signin_state":{"essential":false}}}`,
	`{"access_token":{"acrs":` + strings.Repeat("[", 2000), "\x00\xff",
}

// fuzzServer answers without sockets.
func fuzzServer(f *testing.F) (*Server, http.Handler) {
	s := NewServer()
	f.Cleanup(s.Close)
	s.RequireAuthContext("c1")
	return s, s.authority()
}

func FuzzClaims(f *testing.F) {
	for _, seed := range claimsSeeds {
		f.Add(seed)
	}
	p := &policy{contexts: []contextDemand{{ids: []string{"c1"}}}}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := parseClaims(text)
		if err != nil {
			return
		}
		if text != "" && !json.Valid([]byte(text)) {
			t.Errorf("accepted %q, which is not JSON", text)
		}
		c.capabilities()
		c.notBefore()
		satisfied := map[string]bool{}
		has := func(id string) bool { return satisfied[id] }
		for _, id := range p.stepUp(c, has) {
			satisfied[id] = true
		}
		if open := p.stepUp(c, has); len(open) > 0 {
			t.Errorf("%q is never satisfied: %v", text, open)
		}
		p.grantable(c, has)
	})
}

func FuzzAuthorize(f *testing.F) {
	good := url.Values{"client_id": {publicClientID}, "response_type": {"code"}, "redirect_uri": {"http://localhost"}, "scope": {"openid"}}
	f.Add(good.Encode())
	for _, seed := range claimsSeeds {
		good.Set("claims", seed)
		good.Set("response_mode", "form_post")
		f.Add(good.Encode())
	}
	f.Add(good.Encode() + "&max_age=-1&domain_hint=x&login_hint=" + username)
	f.Add("prompt=none&client_id=" + publicClientID + "&redirect_uri=http://localhost/%zz")
	_, h := fuzzServer(f)
	f.Fuzz(func(t *testing.T, query string) {
		r := httptest.NewRequest(http.MethodGet, "/common/oauth2/v2.0/authorize", nil)
		r.URL.RawQuery = query
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != 200 && w.Code != 302 && w.Code != 400 {
			t.Errorf("%q: status %d", query, w.Code)
		}
		if to := w.Header().Get("Location"); to != "" && !strings.HasPrefix(to, "http://localhost") && !strings.HasPrefix(to, "http://127.0.0.1") {
			t.Errorf("%q: redirect to %q", query, to)
		}
	})
}

func FuzzToken(f *testing.F) {
	user := sharedKey().Sign(map[string]any{"aud": clientID, "idtyp": "user", "exp": 1 << 40, "uti": "x"})
	own := sharedKey().Sign(map[string]any{"iss": clientID, "sub": clientID, "aud": []any{1, "x"}, "exp": 1e300})
	for kind := range grants {
		form := url.Values{"grant_type": {kind}, "client_id": {clientID}, "client_secret": {clientSecret}, "scope": {graphAppID + "/.default"},
			"code": {"x"}, "device_code": {"x"}, "refresh_token": {"x"}, "username": {username}, "password": {password}, "user_id": {"x"},
			"assertion": {user}, "requested_token_use": {"on_behalf_of"}, "user_federated_identity_credential": {own}}
		f.Add(form.Encode())
		for _, seed := range claimsSeeds {
			form.Set("claims", seed)
			f.Add(form.Encode())
		}
		form.Set("client_assertion_type", assertionType)
		for _, assertion := range []string{own, user, "..", issuersKey().Sign(map[string]any{"iss": "x", "aud": "x"})} {
			form.Set("client_assertion", assertion)
			f.Add(form.Encode())
		}
	}
	_, h := fuzzServer(f)
	f.Fuzz(func(t *testing.T, body string) {
		r := httptest.NewRequest(http.MethodPost, "/"+tenantID+"/oauth2/v2.0/token", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if !json.Valid(w.Body.Bytes()) {
			t.Errorf("%q: answer is not JSON", body)
		}
		if w.Code != 200 && w.Code != 400 && w.Code != 401 {
			t.Errorf("%q: status %d", body, w.Code)
		}
	})
}

func FuzzAccessToken(f *testing.F) {
	f.Add("a.b.c")
	f.Add(sharedKey().Sign(map[string]any{"uti": "x"}))
	f.Add(sharedKey().Sign(map[string]any{"uti": 1, "exp": "never"}))
	s, _ := fuzzServer(f)
	f.Fuzz(func(t *testing.T, token string) {
		if parsed, err := s.verifier.verify(token); (parsed == nil) == (err == nil) {
			t.Errorf("%q: neither token nor error", token)
		}
	})
}

func FuzzClientAssertion(f *testing.F) {
	s, _ := fuzzServer(f)
	s.ClientCertificate()
	s.AddFederatedCredential(clientID, FederatedCredential{Issuer: s.Issuer("x").URL(), Subject: "x"})
	f.Add(s.Issuer("x").Token("x"))
	f.Add(sharedClientKey().Sign(map[string]any{"iss": clientID, "sub": clientID, "aud": s.Authority(), "exp": 1 << 40}))
	f.Add(sharedClientKey().Sign(map[string]any{"iss": clientID, "aud": nil, "nbf": -1e300, "exp": 1e300}))
	f.Add("eyJ4NWMiOlsiQUFBQSJdfQ.e30.")
	app := s.app(clientID)
	f.Fuzz(func(t *testing.T, assertion string) {
		s.mu.Lock()
		defer s.mu.Unlock()
		req := &tokenRequest{app: app, form: url.Values{"client_assertion_type": {assertionType}}}
		if err := s.clientAssertion(req, assertion); err != nil && err.code != "invalid_client" {
			t.Errorf("%q: %s", assertion, err.code)
		}
	})
}

// The smaller endpoints: the query is that of a GET, and the form of a POST.
func FuzzOtherEndpoints(f *testing.F) {
	s, h := fuzzServer(f)
	identity := s.metadataService()
	f.Add("client_id=" + publicClientID + "&scope=openid&claims=%7B%7D")
	f.Add("otc=BCDF-GHJK")
	f.Add("post_logout_redirect_uri=http://localhost/%zz&client_id=" + publicClientID + "&id_token_hint=a.b.c&state=x")
	f.Add("api-version=2018-02-01&resource=https://graph.microsoft.com&client_id=x&xms_cc=cp1,,&token_sha256_to_refresh=x")
	f.Fuzz(func(t *testing.T, params string) {
		for _, path := range []string{"/common/oauth2/v2.0/devicecode", devicePage, "/common/oauth2/v2.0/logout", "/common/login", imdsPath, appServicePath} {
			r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(params))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			on := h
			if path == imdsPath || path == appServicePath {
				r, on = httptest.NewRequest(http.MethodGet, path, nil), identity
				r.URL.RawQuery = params
				r.Header.Set("Metadata", "true")
				r.Header.Set("X-Identity-Header", identityHeader)
			}
			w := httptest.NewRecorder()
			on.ServeHTTP(w, r)
			if w.Code >= 500 {
				t.Errorf("%s %q: status %d", path, params, w.Code)
			}
			if to := w.Header().Get("Location"); to != "" && !strings.HasPrefix(to, "http://localhost") && !strings.HasPrefix(to, "http://127.0.0.1") {
				t.Errorf("%q: redirect to %q", params, to)
			}
		}
	})
}
