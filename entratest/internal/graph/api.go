// Package graph is an API like Microsoft Graph: people and their profiles, mail,
// files, upload sessions, batches of requests, and the errors of all of it. It
// knows nothing of tokens: whether a request may go on, and who makes it, is
// decided by a [Gate].
package graph

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

// An API says where the API is. Its fields are not changed once it serves.
type API struct {
	// People returns all of the directory, in the order in which they came.
	People func() []Person
	// Person finds one of them by object id or any other name.
	Person func(name string) (Person, bool)
	// Revoke ends all sessions of a person, by object id.
	Revoke func(id string)
	// UploadOrigin is that of the URLs of upload sessions for who makes the
	// request: scheme and host, another than the request's own.
	UploadOrigin func(*http.Request) string
}

// A Gate makes the handler of one route. It decides about each request, whose
// path values are those of the route: one that may go on it hands to next, with
// who makes it. Any other it answers itself, with a challenge for example.
type Gate func(next func(*Exchange, *Caller)) http.Handler

// Handler serves the API, behind the gate. Requests within a batch pass it one
// by one.
func (a *API) Handler(gate Gate) http.Handler {
	mux := http.NewServeMux()
	handle := func(pattern string, h func(*Exchange, *Caller)) {
		mux.Handle(pattern, gate(func(x *Exchange, c *Caller) {
			x.api, c.has = a, x.Store.of(c.ID)
			h(x, c)
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
	handle("POST /{version}/$batch", func(x *Exchange, _ *Caller) { batch(x, mux) })
	handle("/{version}/{path...}", unknownSegment)
	handle("/", unknownSegment)
	return mux
}

func unknownSegment(x *Exchange, _ *Caller) {
	x.Error(http.StatusBadRequest, "BadRequest", "Resource not found for the segment '"+x.Request.URL.Path+"'.")
}

// odata is the @odata.context of an answer.
func (x *Exchange) odata(of string) string {
	return "https://" + x.Request.Host + "/" + x.Request.PathValue("version") + "/$metadata#" + of
}

// readMe is lenient where Graph is not: an application that has no signed-in
// user is shown itself, and has a mailbox.
func readMe(x *Exchange, c *Caller) {
	x.Store.mu.Lock()
	var me map[string]any
	if c.Person != nil {
		me = x.Store.profileOf(*c.Person)
	} else {
		me = map[string]any{"id": c.ID, "appId": c.AppID, "displayName": c.AppName}
		maps.Copy(me, c.has.profile)
	}
	x.Store.mu.Unlock()
	x.entity("users/$entity", me)
}

// changeMe takes properties of any name and of any type that JSON has.
func changeMe(x *Exchange, c *Caller) {
	body, ok := x.readJSON()
	if !ok {
		return
	}
	changes := map[string]any{}
	for name, raw := range body {
		if strings.HasPrefix(name, "@") || name == "id" || len(name)+len(raw) > maxProperty {
			x.Error(http.StatusBadRequest, "Request_BadRequest", "The property '"+name+"' cannot be set.")
			return
		}
		changes[name] = raw
	}
	x.Store.mu.Lock()
	fits := len(c.has.profile)+len(changes) <= maxProperties
	if fits {
		maps.Copy(c.has.profile, changes)
	}
	x.Store.mu.Unlock()
	if !fits {
		x.Error(http.StatusBadRequest, "Request_BadRequest", fmt.Sprintf("More than %d properties cannot be set.", maxProperties))
		return
	}
	x.WriteHeader(http.StatusNoContent)
}

func listUsers(x *Exchange, _ *Caller) {
	people := x.api.People()
	all := make([]map[string]any, len(people))
	x.Store.mu.Lock()
	for i, p := range people {
		all[i] = x.Store.profileOf(p)
	}
	x.Store.mu.Unlock()
	list(x, "users", all, 100)
}

func readUser(x *Exchange, _ *Caller) {
	id := x.Request.PathValue("id")
	p, ok := x.api.Person(id)
	if !ok {
		x.notFound(id)
		return
	}
	x.Store.mu.Lock()
	found := x.Store.profileOf(p)
	x.Store.mu.Unlock()
	x.entity("users/$entity", found)
}

func (x *Exchange) notFound(id string) {
	x.Error(http.StatusNotFound, "Request_ResourceNotFound",
		"Resource '"+id+"' does not exist or one of its queried reference-property objects are not present.")
}

// revokeSignInSessions ends the sessions of oneself or another.
func revokeSignInSessions(x *Exchange, c *Caller) {
	id := x.Request.PathValue("id")
	if id == "" && c.Person != nil {
		id = c.ID
	}
	p, ok := x.api.Person(id)
	if !ok {
		x.notFound(id)
		return
	}
	x.api.Revoke(p.ID)
	x.json(http.StatusOK, map[string]any{"@odata.context": x.odata("Edm.Boolean"), "value": true})
}

// unreadable answers a body that could not be read whole.
func (x *Exchange) unreadable(err error) {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		x.Error(http.StatusRequestEntityTooLarge, "RequestTooLarge", "The request body is too large.")
		return
	}
	x.Error(http.StatusBadRequest, "BadRequest", "The request body could not be read.")
}
