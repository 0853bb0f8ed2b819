package graph

import (
	"net/http"
)

// userInfo is the UserInfo endpoint of OpenID Connect Core section 5.3, which
// Graph has, see https://learn.microsoft.com/entra/identity-platform/userinfo.
func userInfo(x *Exchange, c *Caller) {
	if c.Person == nil || !c.granted("openid") {
		x.Header().Set("WWW-Authenticate", `Bearer error="insufficient_scope", scope="openid"`)
		x.Error(http.StatusForbidden, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
		return
	}
	info := map[string]any{"sub": c.Subject}
	if c.granted("profile") {
		info["name"] = c.Person.Name
		info["picture"] = "https://" + x.Request.Host + "/v1.0/me/photo/$value"
	}
	if c.granted("email") {
		info["email"] = c.Person.Username
	}
	x.json(http.StatusOK, info)
}
