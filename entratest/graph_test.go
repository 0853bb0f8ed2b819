package entratest_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/msalcae/msalcae/entratest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Every member of a collection is on one page, and the pages end.
func TestPaging(t *testing.T) {
	s := newServer(t)
	token := newNativeApp(t, s).signIn(cp1).token()
	for i := range 250 {
		s.AddUser(entratest.User{Username: fmt.Sprintf("user%d@contoso.test", i), Name: "Somebody"})
	}
	next := s.API() + "/users?$top=70&$select=userPrincipalName,id"
	seen := map[string]bool{}
	var pages []int
	for next != "" {
		a := send(t, s.Client(), bearer(t, "GET", next, token, nil))
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
	assert.Equal(t, []int{70, 70, 70, len(s.Users()) - 210}, pages)
	assert.Len(t, seen, len(s.Users()))
	assert.Len(t, call(t, s, token, "GET", "/users", "").json["value"], 100, "Graph's page")
	for _, bad := range []string{"$top=0", "$top=1000", "$top=x", "$skiptoken=x", "$skiptoken=YXQgLTE"} {
		assert.Equal(t, 400, call(t, s, token, "GET", "/users?"+bad, "").status, bad)
	}
	beyond := call(t, s, token, "GET", "/users?$skiptoken=YXQgOTk5OTk", "")
	assert.Equal(t, 200, beyond.status, "users have been deleted since")
	assert.Empty(t, beyond.json["value"])
	me := call(t, s, token, "GET", "/me?$select=id,mail", "")
	assert.Len(t, me.json, 3, "and the context: %s", me.body)
}

func TestMessagesAreChanged(t *testing.T) {
	s := newServer(t)
	token := newNativeApp(t, s).signIn(cp1).token()
	var id string
	for range 12 {
		id = call(t, s, token, "POST", "/me/messages", `{"subject":"One","isRead":false}`).text("id")
	}
	changed := call(t, s, token, "PATCH", "/me/messages/"+id, `{"isRead":true}`)
	assert.Equal(t, 200, changed.status)
	assert.JSONEq(t, `{"id":"`+id+`","subject":"One","isRead":true}`, string(changed.body))
	assert.JSONEq(t, string(changed.body), string(call(t, s, token, "GET", "/me/messages/"+id, "").body))
	assert.Equal(t, 404, call(t, s, token, "PATCH", "/me/messages/none", `{}`).status)
	assert.Equal(t, 400, call(t, s, token, "PATCH", "/me/messages/"+id, `{"id":"x"}`).status)
	first := call(t, s, token, "GET", "/me/messages", "")
	assert.Len(t, first.json["value"], 10)
	assert.NotEmpty(t, first.text("@odata.nextLink"))
}

// A program may revoke sessions by itself, its own included.
func TestRevokeSignInSessions(t *testing.T) {
	s := newServer(t)
	app := newNativeApp(t, s)
	first := app.signIn(cp1)
	a := call(t, s, first.token(), "POST", "/me/revokeSignInSessions", "")
	assert.Equal(t, 200, a.status)
	assert.Equal(t, true, a.json["value"])
	assert.True(t, strings.HasSuffix(a.text("@odata.context"), "/v1.0/$metadata#Edm.Boolean"), a.text("@odata.context"))
	assert.Contains(t, challengeOf(t, call(t, s, first.token(), "GET", "/me", "")), "nbf")
	assert.Equal(t, 50173, app.refresh(first.text("refresh_token"), "").code())

	second := app.signIn(cp1)
	admin := post(t, s, daemon(s, cp1)).token()
	assert.Equal(t, 200, call(t, s, admin, "POST", "/users/"+s.Username()+"/revokeSignInSessions", "").status)
	assert.Equal(t, 401, call(t, s, second.token(), "GET", "/me", "").status)
	assert.Equal(t, 404, call(t, s, admin, "POST", "/users/nobody/revokeSignInSessions", "").status)
	assert.Equal(t, 404, call(t, s, admin, "POST", "/me/revokeSignInSessions", "").status, "an application has no sessions")
}

// What a batch answers is bounded, however much each of its requests would be
// answered with; those that fit are.
func TestBatchAnswerIsBounded(t *testing.T) {
	s := newServer(t)
	token := newNativeApp(t, s).signIn(cp1).token()
	const size = 3 << 20
	for range 2 {
		mail := `{"subject":"Large","body":"` + strings.Repeat("x", size) + `"}`
		require.Equal(t, 201, call(t, s, token, "POST", "/me/messages", mail).status)
	}
	var requests []string
	for i := range 20 {
		requests = append(requests, fmt.Sprintf(`{"id":"%d","method":"GET","url":"/me/messages"}`, i))
	}
	requests[19] = `{"id":"19","method":"GET","url":"/me?$select=id"}`
	status, answers := sendBatch(t, s, token, `{"requests":[`+strings.Join(requests, ",")+`]}`)
	require.Equal(t, 200, status)
	count, bytes := map[int]int{}, 0
	for _, a := range answers {
		count[a.Status]++
		bytes += len(a.Body)
	}
	assert.Equal(t, map[int]int{200: 3, 507: 17}, count, "two long ones, and the short one")
	assert.Equal(t, 200, answers["19"].Status)
	assert.Less(t, bytes, 17<<20)
	assert.Contains(t, string(answers["18"].Body), "ResponseTooLarge")
}

type batchAnswer struct {
	ID      string
	Status  int
	Headers map[string]string
	Body    json.RawMessage
}

func sendBatch(t *testing.T, s *entratest.Server, token, body string) (status int, answers map[string]batchAnswer) {
	t.Helper()
	a := call(t, s, token, "POST", "/$batch", body)
	var all struct{ Responses []batchAnswer }
	require.NoError(t, json.Unmarshal(a.body, &all), "%s", a.body)
	answers = map[string]batchAnswer{}
	for _, r := range all.Responses {
		answers[r.ID] = r
	}
	return a.status, answers
}

// batchOf is a batch of so many requests.
func batchOf(n int) string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf(`{"id":"%d","method":"GET","url":"/me"}`, i)
	}
	return `{"requests":[` + strings.Join(all, ",") + `]}`
}

func TestBatch(t *testing.T) {
	s := newServer(t)
	token := newNativeApp(t, s).signIn(cp1).token()
	status, answers := sendBatch(t, s, token, `{"requests":[
		{"id":"1","method":"GET","url":"/me?$select=mail"},
		{"id":"2","method":"POST","url":"/me/messages","body":{"subject":"One"}},
		{"id":"3","method":"GET","url":"/users/nobody"},
		{"id":"4","method":"GET","url":"/me","dependsOn":["3"]},
		{"id":"5","method":"GET","url":"/users","dependsOn":["2"]}]}`)
	require.Equal(t, 200, status)
	assert.Contains(t, string(answers["1"].Body), `"mail":"ada@contoso.test"`)
	assert.Equal(t, 201, answers["2"].Status)
	assert.Equal(t, 404, answers["3"].Status)
	assert.Equal(t, 424, answers["4"].Status)
	assert.Equal(t, 200, answers["5"].Status)
	assert.Equal(t, "application/json; charset=utf-8", answers["5"].Headers["Content-Type"])
	assert.Equal(t, 5, s.Stats().APICalls, "the batch and four within it")

	// A path that demands more is refused within the batch, in the headers.
	s.RequireAuthContextAt("/users", "c1")
	status, answers = sendBatch(t, s, token, `{"requests":[{"id":"1","method":"GET","url":"/me"},{"id":"2","method":"GET","url":"/users"}]}`)
	require.Equal(t, 200, status)
	assert.Equal(t, 200, answers["1"].Status)
	assert.Equal(t, 401, answers["2"].Status)
	assert.Contains(t, answers["2"].Headers["Www-Authenticate"], insufficient(stepUp))
	assert.Equal(t, 1, s.Stats().Challenges)

	// A revoked token is the batch's own.
	s.Revoke(s.Username())
	refused := call(t, s, token, "POST", "/$batch", `{"requests":[{"id":"1","method":"GET","url":"/me"}]}`)
	assert.Equal(t, 401, refused.status)
	assert.Contains(t, challengeOf(t, refused), "nbf")

	token = newNativeApp(t, s).signIn(cp1).token()
	for _, bad := range []string{`{}`, `{"requests":[]}`, `{"requests":[{"id":"1","method":"GET","url":"https://evil.test/"}]}`,
		`{"requests":[{"id":"1","method":"POST","url":"/$batch"}]}`, `{"requests":[{"id":"1","method":"GET","url":"/me"},{"id":"1","method":"GET","url":"/me"}]}`,
		batchOf(21)} {
		assert.Equal(t, 400, call(t, s, token, "POST", "/$batch", bad).status, bad)
	}
	status, answers = sendBatch(t, s, token, batchOf(20))
	assert.Equal(t, 200, status)
	assert.Len(t, answers, 20)
	_, answers = sendBatch(t, s, token, `{"requests":[{"id":"1","method":"GET","url":"/me","dependsOn":["2"]},{"id":"2","method":"GET","url":"/me"}]}`)
	assert.Equal(t, 424, answers["1"].Status, "what it depends on comes later")
}

// What is kept of a person is bounded, and what would be more is refused.
func TestWhatIsKeptIsBounded(t *testing.T) {
	s := newServer(t)
	token := post(t, s, daemon(s, cp1)).token()
	text := strings.Repeat("x", 3<<20)
	path := "/me/messages/" + call(t, s, token, "POST", "/me/messages", `{"body":"`+text+`"}`).text("id")
	assert.Equal(t, 413, call(t, s, token, "PATCH", path, `{"more":"`+text+`"}`).status)
	assert.Equal(t, 200, call(t, s, token, "PATCH", path, `{"body":""}`).status)
	assert.Equal(t, 400, call(t, s, token, "PATCH", "/me", `{"aboutMe":"`+text[:20<<10]+`"}`).status)
}

func TestBatchWithinABatch(t *testing.T) {
	s := newServer(t)
	token := newNativeApp(t, s).signIn(cp1).token()
	_, answers := sendBatch(t, s, token, `{"requests":[{"id":"1","method":"POST","url":"/%24batch","body":{"requests":[{"id":"2","method":"GET","url":"/me"}]}}]}`)
	assert.Equal(t, 400, answers["1"].Status)
}

// Properties of a profile have the types that Graph's have.
func TestProfileProperties(t *testing.T) {
	s := newServer(t)
	token := newNativeApp(t, s).signIn(cp1).token()
	change := `{"mobilePhone":null,"businessPhones":["+44 20 7946 0000"],"accountEnabled":true,"displayName":"Countess Lovelace"}`
	require.Equal(t, 204, call(t, s, token, "PATCH", "/me", change).status)
	me := call(t, s, token, "GET", "/me?$select=mobilePhone,businessPhones,accountEnabled,displayName", "").json
	delete(me, "@odata.context")
	var want map[string]any
	require.NoError(t, json.Unmarshal([]byte(change), &want))
	assert.Equal(t, want, me)

	many := map[string]int{}
	for i := range 1001 {
		many[fmt.Sprint("extension", i)] = i
	}
	text, err := json.Marshal(many)
	require.NoError(t, err)
	assert.Equal(t, 400, call(t, s, token, "PATCH", "/me", string(text)).status)
}
