// Package graph is an API like Microsoft Graph: people and their profiles, mail,
// files, upload sessions, batches of requests, and the errors of all of it. It
// knows nothing of tokens: whether a request may go on, and who makes it, is
// decided by a [Gate].
package graph

import "net/http"

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
