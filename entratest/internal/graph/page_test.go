package graph

import (
	"fmt"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Every member of a collection is on one page, and the pages end.
func TestPaging(t *testing.T) {
	s := newAPI(t)
	for i := range 250 {
		s.people = append(s.people, Person{ID: fmt.Sprintf("user %d", i), Username: fmt.Sprintf("user%d@contoso.test", i), Name: "Somebody"})
	}
	next := base + "/users?$top=70&$select=userPrincipalName,id"
	seen := map[string]bool{}
	var pages []int
	for next != "" {
		a := s.send(httptest.NewRequest("GET", next, nil))
		require.Equal(t, 200, a.status, "%s", a.body)
		value, _ := a.json["value"].([]any)
		pages = append(pages, len(value))
		for _, v := range value {
			user := v.(map[string]any)
			assert.Len(t, user, 2, "what was selected")
			seen[user["userPrincipalName"].(string)] = true
		}
		next = a.text("@odata.nextLink")
	}
	assert.Equal(t, []int{70, 70, 70, len(s.people) - 210}, pages)
	assert.Len(t, seen, len(s.people))
	assert.Len(t, s.call(t, "GET", "/users", "").json["value"], 100, "Graph's page")
	for _, bad := range []string{"$top=0", "$top=1000", "$top=x", "$skiptoken=x", "$skiptoken=YXQgLTE"} {
		assert.Equal(t, 400, s.call(t, "GET", "/users?"+bad, "").status, bad)
	}
	beyond := s.call(t, "GET", "/users?$skiptoken=YXQgOTk5OTk", "")
	assert.Equal(t, 200, beyond.status, "users have been deleted since")
	assert.Empty(t, beyond.json["value"])
	me := s.call(t, "GET", "/me?$select=id,mail", "")
	assert.Len(t, me.json, 3, "and the context: %s", me.body)
}
