package browsertest

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/msalcae/msalcae/entratest"
	"github.com/msalcae/msalcae/wwwauth"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// requireAnswered demands that the latest challenge's claims, with the
// capability and unchanged, went to Entra with these requests: a grant type
// each, or "authorize" and its prompt.
func (p *singlePage) requireAnswered(requests ...string) {
	p.t.Helper()
	var made []string
	var want map[string]any
	for _, r := range p.server.Log() {
		switch {
		case r.Challenge != "":
			header := http.Header{"Www-Authenticate": {r.Challenge}}
			claims, err := wwwauth.Claims(&http.Response{StatusCode: http.StatusUnauthorized, Header: header})
			require.NoError(p.t, err)
			want, made = accessToken(p.t, claims), nil
			want["xms_cc"] = map[string]any{"values": []any{"cp1"}}
		case want == nil:
		case r.Endpoint == entratest.AuthorizeEndpoint:
			made = append(made, strings.TrimSpace("authorize "+r.Prompt))
			assert.Equal(p.t, want, accessToken(p.t, r.Claims))
		case r.Endpoint == entratest.TokenEndpoint && r.Method == http.MethodPost:
			made = append(made, r.Grant)
			assert.Equal(p.t, want, accessToken(p.t, r.Claims))
			assert.Subset(p.t, r.Scopes, []string{"openid", "profile", "offline_access"})
		}
	}
	assert.Equal(p.t, requests, made)
}

// accessToken returns the access_token member of claims: MSAL.js adds others.
func accessToken(t *testing.T, claims string) map[string]any {
	t.Helper()
	var members struct {
		AccessToken map[string]any `json:"access_token"`
	}
	require.NoError(t, json.Unmarshal([]byte(claims), &members), "%q", claims)
	return members.AccessToken
}

// requireAuthorize demands of what MSAL.js opened, once Entra's page is there,
// what is known of a single-page application's requests.
func (p *singlePage) requireAuthorize(tab context.Context, form string) {
	p.t.Helper()
	arrive(p.t, tab, form)
	u, err := url.Parse(read(p.t, tab, chromedp.Evaluate[string](`location.href`)))
	require.NoError(p.t, err)
	q := u.Query()
	for name, want := range map[string]string{"response_type": "code", "response_mode": "fragment", "code_challenge_method": "S256",
		"login_hint": p.server.Username(), "client_info": "1", "x-client-SKU": "msal.js.browser"} {
		assert.Equal(p.t, want, q.Get(name), name)
	}
	assert.Len(p.t, q.Get("code_challenge"), 43)
	assert.True(p.t, strings.HasSuffix(q.Get("redirect_uri"), "/back.html"), q.Get("redirect_uri"))
	assert.NotEmpty(p.t, q.Get("state"))
	assert.NotEmpty(p.t, q.Get("nonce"))
	assert.True(p.t, slices.Contains(strings.Fields(q.Get("scope")), strings.TrimSuffix(p.server.Scope(), "/.default")+"/User.Read"))
}
