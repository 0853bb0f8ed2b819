package tokensource

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"testing"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
	"github.com/stretchr/testify/require"
)

const laterNbf = `{"access_token":{"nbf":{"essential":true,"value":"1604106651"}}}`

// nbf is a challenge of a later second.
func nbf(n int) string {
	return fmt.Sprintf(`{"access_token":{"nbf":{"essential":true,"value":"%d"}}}`, 1700000000+n)
}

// A scriptedEntra answers token requests in turn with what answer says.
type scriptedEntra struct {
	mu       sync.Mutex
	requests []url.Values
	answer   func(n int, form url.Values) (status int, body string)
}

func (s *scriptedEntra) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Method == http.MethodGet {
		return reply(req, 200, goodDiscovery), nil
	}
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.requests = append(s.requests, form)
	n := len(s.requests)
	s.mu.Unlock()
	status, text := s.answer(n, form)
	return reply(req, status, text), nil
}

func (s *scriptedEntra) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.requests)
}

// userToken is a token response for a person.
func userToken(uid, value, scope, more string) string {
	return fmt.Sprintf(`{"token_type":"Bearer","expires_in":3600,"access_token":%q,"refresh_token":"rt-of-%s","scope":%q,"client_info":%q,"id_token":%q%s}`,
		value, uid, scope, b64(fmt.Sprintf(`{"uid":%q,"utid":"home"}`, uid)),
		b64(`{"alg":"none"}`)+"."+b64(idPayload(uid))+".x", more)
}

// idPayload is what the ID token of userToken says.
func idPayload(uid string) string {
	return fmt.Sprintf(`{"sub":%q,"preferred_username":%[1]q,"aud":"id","iss":"https://login.contoso.test/x","exp":4102444800}`, uid)
}

func b64(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

// signedIn returns a public client to which ada has signed in with the first
// answer of s.
func signedIn(t testing.TB, s *scriptedEntra, more ...public.Option) (public.Client, public.Account) {
	t.Helper()
	opts := []public.Option{public.WithAuthority(testAuthority), public.WithInstanceDiscovery(false),
		public.WithClientCapabilities([]string{"cp1"}), public.WithHTTPClient(&http.Client{Transport: s})}
	c, err := public.New("id", append(opts, more...)...)
	require.NoError(t, err)
	res, err := c.AcquireTokenByAuthCode(context.Background(), "code", "http://localhost", []string{"read"})
	require.NoError(t, err)
	return c, res.Account
}
