package main

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

const (
	tenant    = "72f988bf-86f1-41af-91ab-2d7cd011db47"
	loginHost = "login.bench.example"
	authority = "https://" + loginHost + "/" + tenant
	scope     = "https://graph.microsoft.com/.default"
	apiURL    = "https://graph.microsoft.com/v1.0/users"
)

// An sts is the least of a token service, in memory: whoever asks gets a token.
// It is a http.RoundTripper. Tokens are numbered and of 2 KiB.
type sts struct {
	latency   time.Duration
	refreshIn int          // seconds, of what is issued; 0: not said
	down      atomic.Bool  // answers with a 503
	requests  atomic.Int64 // for tokens
}

// padding makes a token as long as Entra's are.
var padding = strings.Repeat("t", 2<<10)

func (s *sts) RoundTrip(req *http.Request) (*http.Response, error) {
	switch {
	case strings.HasSuffix(req.URL.Path, "/openid-configuration"):
		return answer(req, http.StatusOK, map[string]any{
			"authorization_endpoint": authority + "/oauth2/v2.0/authorize",
			"token_endpoint":         authority + "/oauth2/v2.0/token",
			"issuer":                 authority + "/v2.0",
		}), nil
	case strings.Contains(strings.ToLower(req.URL.Path), "/userrealm/"):
		return answer(req, http.StatusOK, map[string]any{"account_type": "Managed", "domain_name": "contoso.test",
			"cloud_instance_name": loginHost, "cloud_audience_urn": "urn:federation:MicrosoftOnline", "ver": "1.0"}), nil
	case strings.HasSuffix(req.URL.Path, "/access_tokens"): // GitHub's
		n := s.requests.Add(1)
		time.Sleep(s.latency)
		return answer(req, http.StatusCreated, map[string]any{"token": numbered(n), "expires_at": time.Now().Add(time.Hour)}), nil
	}
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, err
	}
	n := s.requests.Add(1)
	time.Sleep(s.latency)
	if s.down.Load() {
		return answer(req, http.StatusServiceUnavailable, map[string]any{"error": "temporarily_unavailable"}), nil
	}
	tok := tokenResponse(n, form)
	if s.refreshIn > 0 {
		tok["refresh_in"] = s.refreshIn
	}
	return answer(req, http.StatusOK, tok), nil
}

// Do makes an sts azcore's policy.Transporter.
func (s *sts) Do(req *http.Request) (*http.Response, error) { return s.RoundTrip(req) }

// numbered returns the token of a number.
func numbered(n int64) string { return fmt.Sprintf("%012d.%s", n, padding) }

func tokenResponse(n int64, form url.Values) map[string]any {
	tok := map[string]any{"token_type": "Bearer", "expires_in": 3599, "ext_expires_in": 3599, "access_token": numbered(n)}
	if form.Get("grant_type") != "client_credentials" {
		person := form.Get("username")
		if person == "" {
			person = "ada@contoso.test"
		}
		tok["scope"] = form.Get("scope")
		tok["refresh_token"] = "refresh " + person
		tok["id_token"] = idToken(person)
		tok["client_info"] = encoded(map[string]any{"uid": person, "utid": tenant})
	}
	return tok
}

func idToken(person string) string {
	return encoded(map[string]any{"alg": "none"}) + "." + encoded(map[string]any{
		"iss": authority + "/v2.0", "tid": tenant, "oid": person, "sub": person, "preferred_username": person,
		"exp": time.Now().Add(time.Hour).Unix(),
	}) + ".c2ln"
}

func encoded(v any) string {
	b, err := json.Marshal(v)
	must(err)
	return base64.RawURLEncoding.EncodeToString(b)
}

func answer(req *http.Request, status int, v any) *http.Response {
	b, err := json.Marshal(v)
	must(err)
	return &http.Response{
		Status: http.StatusText(status), StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(string(b))),
		ContentLength: int64(len(b)), Request: req,
	}
}

// must ends the program: what it is given goes wrong only if it is itself wrong.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

// next is a token request of a library that speaks no OAuth 2.0 by itself.
func (s *sts) next() (string, error) {
	n := s.requests.Add(1)
	time.Sleep(s.latency)
	if s.down.Load() {
		return "", errors.New("503 Service Unavailable")
	}
	return numbered(n), nil
}
