package cache_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	msal "github.com/AzureAD/microsoft-authentication-library-for-go/apps/cache"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
	"github.com/stretchr/testify/require"
)

// An sts issues tokens to MSAL clients, without a network: the authorization
// code names who signs in. It is an http.RoundTripper.
type sts struct {
	mu       sync.Mutex
	issued   int
	requests []url.Values
}

const (
	authority = "https://login.sts.example/contoso"
	clientID  = "11111111-1111-1111-1111-111111111111"
	read      = "api://x/read"
)

func (s *sts) RoundTrip(req *http.Request) (*http.Response, error) {
	var answer any
	if strings.HasSuffix(req.URL.Path, "openid-configuration") {
		answer = map[string]string{"authorization_endpoint": authority + "/authorize", "token_endpoint": authority + "/token", "issuer": authority}
	} else {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			return nil, err
		}
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return nil, err
		}
		answer = s.issue(form)
	}
	text, err := json.Marshal(answer)
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(string(text))), Request: req}, err
}

func (s *sts) issue(form url.Values) map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.issued++
	s.requests = append(s.requests, form)
	answer := map[string]any{
		"token_type": "Bearer", "expires_in": 3600, "access_token": fmt.Sprintf("AT-%d", s.issued), "scope": form.Get("scope"),
	}
	who := form.Get("code")
	if form.Get("grant_type") == "refresh_token" {
		who, _, _ = strings.Cut(strings.TrimPrefix(form.Get("refresh_token"), "RT-"), "-")
	}
	if who != "" {
		encode := func(v string) string { return base64.RawURLEncoding.EncodeToString([]byte(v)) }
		answer["refresh_token"] = fmt.Sprintf("RT-%s-%d", who, s.issued)
		answer["client_info"] = encode(fmt.Sprintf(`{"uid":%q,"utid":"contoso"}`, who))
		answer["id_token"] = encode(`{"alg":"none"}`) + "." + encode(fmt.Sprintf(
			`{"iss":%q,"sub":%q,"oid":%q,"preferred_username":%q,"exp":4102444800,"iat":1600000000}`, authority, who, who, who)) + ".x"
	}
	return answer
}

func (s *sts) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.issued
}

// public is an MSAL client of people, as one process has it.
func (s *sts) public(t testing.TB, accessor msal.ExportReplace) public.Client {
	t.Helper()
	c, err := public.New(clientID, public.WithAuthority(authority), public.WithHTTPClient(&http.Client{Transport: s}),
		public.WithInstanceDiscovery(false), public.WithCache(accessor))
	require.NoError(t, err)
	return c
}

// confidential is an MSAL client of an application.
func (s *sts) confidential(t testing.TB, accessor msal.ExportReplace) confidential.Client {
	t.Helper()
	cred, err := confidential.NewCredFromSecret("secret")
	require.NoError(t, err)
	c, err := confidential.New(authority, clientID, cred, confidential.WithHTTPClient(&http.Client{Transport: s}),
		confidential.WithInstanceDiscovery(false), confidential.WithCache(accessor))
	require.NoError(t, err)
	return c
}

func signIn(t testing.TB, c public.Client, who string) public.AuthResult {
	t.Helper()
	res, err := c.AcquireTokenByAuthCode(context.Background(), who, "http://localhost", []string{read})
	require.NoError(t, err)
	require.NotEmpty(t, res.Account.HomeAccountID)
	return res
}

func silently(c public.Client, who public.Account) (public.AuthResult, error) {
	return c.AcquireTokenSilent(context.Background(), []string{read}, public.WithSilentAccount(who))
}

func people(t testing.TB, c public.Client) (names []string) {
	t.Helper()
	all, err := c.Accounts(context.Background())
	require.NoError(t, err)
	for _, a := range all {
		names = append(names, a.PreferredUsername)
	}
	return names
}
