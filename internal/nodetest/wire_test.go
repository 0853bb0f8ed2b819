package nodetest

import (
	"crypto/sha256"
	"encoding/base64"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/msalcae/msalcae/entratest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A post is what MSAL posted to Entra.
type post struct {
	To   string // path
	Form map[string]string
}

// anything stands for a value that differs from one run to the next.
const anything = "*"

// requirePost demands that MSAL posted these parameters, the claims, which it
// adds members of its own to, and no others but what it says of itself.
func requirePost(t *testing.T, p post, to, claims string, want map[string]string) {
	t.Helper()
	require.Equal(t, to, p.To[strings.LastIndex(p.To, "/")+1:])
	rest := maps.Clone(p.Form)
	assert.JSONEq(t, completed(claims), rest["claims"])
	delete(rest, "claims")
	if to == "token" {
		assert.Equal(t, "msal.js.node", rest["x-client-SKU"])
		assert.Equal(t, "retry-after, h429", rest["x-ms-lib-capability"])
	}
	for name := range rest {
		if strings.HasPrefix(name, "x-") || name == "client-request-id" {
			delete(rest, name)
		}
	}
	for name, value := range want {
		if value == anything && rest[name] != "" {
			rest[name] = anything
		}
	}
	assert.Equal(t, want, rest)
}

// completed is the claims parameter of msal-node around the access_token member.
func completed(accessToken string) string {
	return `{"access_token":` + accessToken +
		`,"id_token":{"signin_state":{"essential":false},"login_hint":{"essential":false},"tenant_region_sub_scope":{"essential":false}}}`
}

// requireAuthorize demands what MSAL asks a browser to open, and that the code
// was redeemed with what fits to it.
func requireAuthorize(t *testing.T, s *entratest.Server, opened, scope, claims string, code post) {
	t.Helper()
	u, err := url.Parse(opened)
	require.NoError(t, err)
	q := u.Query()
	for name, want := range map[string]string{"client_id": s.PublicClientID(), "response_type": "code", "response_mode": "form_post",
		"scope": scope, "login_hint": s.Username(), "X-AnchorMailbox": "UPN:" + s.Username(), "client_info": "1", "clidata": "1",
		"code_challenge_method": "S256"} {
		assert.Equal(t, want, q.Get(name), name)
	}
	assert.Regexp(t, `^http://localhost:\d+$`, q.Get("redirect_uri"))
	assert.False(t, q.Has("prompt"), "the claims drive Entra")
	assert.JSONEq(t, completed(claims), q.Get("claims"))
	state, err := base64.RawURLEncoding.DecodeString(q.Get("state"))
	require.NoError(t, err)
	assert.Regexp(t, `^{"id":"[0-9a-f-]{36}"}$`, string(state))

	requirePost(t, code, "token", claims, map[string]string{"grant_type": "authorization_code", "client_id": s.PublicClientID(),
		"client_info": "1", "code": anything, "code_verifier": anything, "redirect_uri": q.Get("redirect_uri"), "scope": scope})
	hash := sha256.Sum256([]byte(code.Form["code_verifier"]))
	assert.Equal(t, base64.RawURLEncoding.EncodeToString(hash[:]), q.Get("code_challenge"))
}

// grants are the grant types of what was posted, in order; a device that polls
// again counts once.
func grants(all []post) []string {
	var found []string
	for _, p := range all {
		grant := p.Form["grant_type"]
		if strings.HasSuffix(p.To, "/devicecode") {
			grant = "for a device code"
		}
		found = append(found, grant)
	}
	return slices.Compact(found)
}
