package entratest

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strings"
)

// Sizes of bodies that the API takes: Graph's 4 MB for JSON, and enough for any
// test for uploads, which are not kept.
const (
	maxJSONBody   = 4 << 20
	maxUploadBody = 4 << 30
	maxMessages   = 1000 // kept per mailbox
	maxMailbox    = 64 << 20
	maxProperty   = 16 << 10 // of a profile
	maxProperties = 1000
)

// graphAPI routes the Graph-like API.
func (s *Server) graphAPI() http.Handler {
	audiences := graphAudiences(s.graph)
	resource := func() Resource {
		s.mu.Lock()
		defer s.mu.Unlock()
		return Resource{Audiences: audiences, Form: s.policy.form}
	}
	mux := http.NewServeMux()
	handle := func(pattern string, h func(*exchange, *caller)) {
		guarded := s.guard(resource, h)
		mux.Handle(pattern, s.observe(APIEndpoint, func(x *exchange) {
			x.graph = true
			guarded(x)
		}))
	}
	handle("GET /{version}/me", readMe)
	handle("PATCH /{version}/me", changeMe)
	handle("GET /oidc/userinfo", userInfo)
	handle("POST /oidc/userinfo", userInfo)
	handle("GET /{version}/users", listUsers)
	handle("GET /{version}/users/{id}", readUser)
	for _, who := range []string{"me", "users/{id}"} {
		handle("GET /{version}/"+who+"/messages", listMessages)
		handle("POST /{version}/"+who+"/messages", createMessage)
		handle("GET /{version}/"+who+"/messages/{message}", readMessage)
		handle("PATCH /{version}/"+who+"/messages/{message}", changeMessage)
		handle("POST /{version}/"+who+"/sendMail", sendMail)
		handle("POST /{version}/"+who+"/revokeSignInSessions", revokeSignInSessions)
	}
	handle("PUT /{version}/me/drive/{item...}", upload)
	handle("POST /{version}/me/drive/{item...}", driveAction)
	handle("GET /{version}/me/drive/items/{id}", readItem)
	handle("PATCH /{version}/me/drive/items/{id}", renameItem)
	handle("DELETE /{version}/me/drive/items/{id}", deleteItem)
	handle("POST /{version}/$batch", func(x *exchange, _ *caller) { batch(x, mux) })
	handle("/{version}/{path...}", unknownSegment)
	handle("/", unknownSegment)
	return s.entered(crossOrigin(mux))
}

func unknownSegment(x *exchange, _ *caller) {
	x.graphError(http.StatusBadRequest, "BadRequest", "Resource not found for the segment '"+x.r.URL.Path+"'.")
}

// odata is the @odata.context of an answer.
func (x *exchange) odata(of string) string {
	return "https://" + x.r.Host + "/" + x.r.PathValue("version") + "/$metadata#" + of
}

// profileOf returns a person as Graph shows one. s.mu is held.
func profileOf(u *account) map[string]any {
	p := map[string]any{
		"id":                u.ObjectID,
		"displayName":       u.Name,
		"userPrincipalName": u.Username,
		"mail":              u.Username,
	}
	maps.Copy(p, u.profile)
	return p
}

// readMe is lenient where Graph is not: an application that has no signed-in
// user is shown itself, and has a mailbox.
func readMe(x *exchange, c *caller) {
	x.s.mu.Lock()
	var me map[string]any
	if c.user != nil {
		me = profileOf(c.user)
	} else {
		me = map[string]any{"id": c.app.objectID, "appId": c.app.ClientID, "displayName": c.app.Name}
		maps.Copy(me, c.profile)
	}
	x.s.mu.Unlock()
	x.entity("users/$entity", me)
}

// changeMe takes properties of any name and of any type that JSON has.
func changeMe(x *exchange, c *caller) {
	body, ok := x.readJSON()
	if !ok {
		return
	}
	changes := map[string]any{}
	for name, raw := range body {
		if strings.HasPrefix(name, "@") || name == "id" || len(name)+len(raw) > maxProperty {
			x.graphError(http.StatusBadRequest, "Request_BadRequest", "The property '"+name+"' cannot be set.")
			return
		}
		changes[name] = raw
	}
	x.s.mu.Lock()
	fits := len(c.profile)+len(changes) <= maxProperties
	if fits {
		maps.Copy(c.profile, changes)
	}
	x.s.mu.Unlock()
	if !fits {
		x.graphError(http.StatusBadRequest, "Request_BadRequest", fmt.Sprintf("More than %d properties cannot be set.", maxProperties))
		return
	}
	x.WriteHeader(http.StatusNoContent)
}

func listUsers(x *exchange, _ *caller) {
	x.s.mu.Lock()
	all := make([]map[string]any, len(x.s.users))
	for i, u := range x.s.users {
		all[i] = profileOf(u)
	}
	x.s.mu.Unlock()
	list(x, "users", all, 100)
}

func readUser(x *exchange, _ *caller) {
	id := x.r.PathValue("id")
	x.s.mu.Lock()
	var found map[string]any
	if u := x.s.user(id); u != nil {
		found = profileOf(u)
	}
	x.s.mu.Unlock()
	if found == nil {
		x.notFound(id)
		return
	}
	x.entity("users/$entity", found)
}

func (x *exchange) notFound(id string) {
	x.graphError(http.StatusNotFound, "Request_ResourceNotFound",
		"Resource '"+id+"' does not exist or one of its queried reference-property objects are not present.")
}

// revokeSignInSessions does what [Server.Revoke] does, for oneself or another.
func revokeSignInSessions(x *exchange, c *caller) {
	id := x.r.PathValue("id")
	if id == "" && c.user != nil {
		id = c.objectID
	}
	x.s.mu.Lock()
	u := x.s.user(id)
	x.s.mu.Unlock()
	if u == nil {
		x.notFound(id)
		return
	}
	x.s.Revoke(u.ObjectID)
	x.json(http.StatusOK, map[string]any{"@odata.context": x.odata("Edm.Boolean"), "value": true})
}

// unreadable answers a body that could not be read whole.
func (x *exchange) unreadable(err error) {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		x.graphError(http.StatusRequestEntityTooLarge, "RequestTooLarge", "The request body is too large.")
		return
	}
	x.graphError(http.StatusBadRequest, "BadRequest", "The request body could not be read.")
}
