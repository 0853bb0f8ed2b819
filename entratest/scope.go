package entratest

import (
	"slices"
	"strings"
)

// scopeRequest is a scope parameter, taken apart.
type scopeRequest struct {
	asked       []string // all, as asked
	resource    string   // the API, as the client names it
	permissions []string // of the API, without it
	openID      bool
	offline     bool
}

var openIDScopes = []string{"openid", "profile", "email", "offline_access"}

// parseScope reads scopes of one API. A scope without one is Graph's, and so
// is a request for an OpenID Connect scope alone.
func (d *directory) parseScope(text, graph string) (scopeRequest, *aadError) {
	req := scopeRequest{asked: strings.Fields(text)}
	if len(req.asked) == 0 {
		return req, aad(900144, "scope")
	}
	for _, scope := range req.asked {
		if hasFold(openIDScopes, scope) {
			req.openID = req.openID || strings.EqualFold(scope, "openid")
			req.offline = req.offline || strings.EqualFold(scope, "offline_access")
			continue
		}
		resource, permission := graph, scope
		if i := strings.LastIndexByte(scope, '/'); i >= 0 {
			resource, permission = strings.TrimSuffix(scope[:i], "/"), scope[i+1:]
		}
		switch {
		case permission == "":
			return req, aad(70011, scope)
		case !d.isResource(resource):
			return req, aad(500011, resource)
		case req.resource != "" && !strings.EqualFold(req.resource, resource):
			return req, aad(700022)
		}
		req.resource = resource
		req.permissions = append(req.permissions, permission)
	}
	if req.resource == "" {
		req.resource = graph
	}
	return req, nil
}

// isDefault tells whether everything granted was asked for, which is all that
// client credentials may ask.
func (r scopeRequest) isDefault() bool {
	return len(r.permissions) == 1 && r.permissions[0] == ".default"
}

// identity are the scopes that Graph's tokens have for its UserInfo endpoint.
func (r scopeRequest) identity() (scp string) {
	for _, scope := range []string{"openid", "profile", "email"} {
		if hasFold(r.asked, scope) {
			scp += " " + scope
		}
	}
	return scp
}

// scp is the access token's: permissions, without the API's name.
func (r scopeRequest) scp() string {
	granted := slices.DeleteFunc(slices.Clone(r.permissions), func(s string) bool { return s == ".default" })
	if len(granted) < len(r.permissions) || len(granted) == 0 {
		granted = append(granted, "Mail.ReadWrite", "Mail.Send", "User.ReadWrite.All")
	}
	return strings.Join(granted, " ")
}

func hasFold(list []string, want string) bool {
	for _, v := range list {
		if strings.EqualFold(v, want) {
			return true
		}
	}
	return false
}
