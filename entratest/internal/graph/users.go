package graph

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
)

// What can be set of a profile.
const (
	maxProperty   = 16 << 10 // name and value
	maxProperties = 1000
)

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
