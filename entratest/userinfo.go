package entratest

import (
	"net/http"
	"strings"
)

// userInfo is the UserInfo endpoint of OpenID Connect Core section 5.3, which
// Graph has, see https://learn.microsoft.com/entra/identity-platform/userinfo.
func userInfo(x *exchange, c *caller) {
	if c.user == nil || !c.token.granted("openid") {
		x.Header().Set("WWW-Authenticate", `Bearer error="insufficient_scope", scope="openid"`)
		x.graphError(http.StatusForbidden, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
		return
	}
	x.s.mu.Lock()
	who := c.user.User
	x.s.mu.Unlock()
	info := map[string]any{"sub": pairwise(who.ObjectID, c.token.App)}
	if c.token.granted("profile") {
		info["name"] = who.Name
		info["picture"] = "https://" + x.r.Host + "/v1.0/me/photo/$value"
	}
	if c.token.granted("email") {
		info["email"] = who.Username
	}
	x.json(http.StatusOK, info)
}

// granted tells whether the token has a scope.
func (t *accessToken) granted(scope string) bool { return hasFold(strings.Fields(t.Scopes), scope) }
