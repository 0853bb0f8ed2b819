package admin

import "net/http"

// directory shows who is known by what name: no password, no secret.
func (h *Handler) directory(http.ResponseWriter, *http.Request) (any, error) {
	type user struct {
		Username string `json:"username"`
		Name     string `json:"name,omitempty"`
	}
	type app struct {
		ClientID string `json:"client_id"`
		Name     string `json:"name,omitempty"`
	}
	known := struct {
		Users []user `json:"users"`
		Apps  []app  `json:"apps"`
	}{[]user{}, []app{}}
	for _, u := range h.Server.Users() {
		known.Users = append(known.Users, user{u.Username, u.Name})
	}
	for _, a := range h.Server.Apps() {
		known.Apps = append(known.Apps, app{a.ClientID, a.Name})
	}
	return known, nil
}
