package graph

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestMessagesAreChanged(t *testing.T) {
	s := newAPI(t)
	var id string
	for range 12 {
		id = s.call(t, "POST", "/me/messages", `{"subject":"One","isRead":false}`).text("id")
	}
	changed := s.call(t, "PATCH", "/me/messages/"+id, `{"isRead":true}`)
	assert.Equal(t, 200, changed.status)
	assert.JSONEq(t, `{"id":"`+id+`","subject":"One","isRead":true}`, string(changed.body))
	assert.JSONEq(t, string(changed.body), string(s.call(t, "GET", "/me/messages/"+id, "").body))
	assert.Equal(t, 404, s.call(t, "PATCH", "/me/messages/none", `{}`).status)
	assert.Equal(t, 400, s.call(t, "PATCH", "/me/messages/"+id, `{"id":"x"}`).status)
	first := s.call(t, "GET", "/me/messages", "")
	assert.Len(t, first.json["value"], 10)
	assert.NotEmpty(t, first.text("@odata.nextLink"))
}

// What is kept of a person is bounded, and what would be more is refused.
func TestWhatIsKeptIsBounded(t *testing.T) {
	s := newAPI(t)
	text := strings.Repeat("x", 3<<20)
	path := "/me/messages/" + s.call(t, "POST", "/me/messages", `{"body":"`+text+`"}`).text("id")
	assert.Equal(t, 413, s.call(t, "PATCH", path, `{"more":"`+text+`"}`).status)
	assert.Equal(t, 200, s.call(t, "PATCH", path, `{"body":""}`).status)
	assert.Equal(t, 400, s.call(t, "PATCH", "/me", `{"aboutMe":"`+text[:20<<10]+`"}`).status)
}

func TestMessageAsMIME(t *testing.T) {
	s := newAPI(t)
	mime := strings.Repeat("TUlNRS1WZXJzaW9uOiAxLjA=", 1000)
	r := request("POST", "/me/messages", strings.NewReader(mime))
	r.Header.Set("Content-Type", "text/plain")
	a := s.send(r)
	assert.Equal(t, http.StatusCreated, a.status)
	assert.Equal(t, strconv.Itoa(len(mime)), a.header.Get("X-Entratest-Length"))
}

// What is posted stays in memory up to a bound, the latest first.
func TestMailboxIsBounded(t *testing.T) {
	s, owner := NewStore(), &belongings{}
	text := json.RawMessage(`"` + strings.Repeat("x", 3<<20) + `"`)
	var last message
	for range 25 {
		last = s.keep(owner, message{"body": text})
	}
	assert.Len(t, owner.messages, 21, "64 MiB")
	assert.Equal(t, last, owner.messages[20])
	for range maxMessages + 7 {
		last = s.keep(owner, message{})
	}
	assert.Len(t, owner.messages, maxMessages)
	assert.Equal(t, last, owner.messages[maxMessages-1])
}
