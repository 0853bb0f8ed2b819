package graph

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const base = "https://graph.test/v1.0"

// A testAPI is called by the first of its people, who may do everything but what
// is refused.
type testAPI struct {
	http.Handler
	people  []Person
	refused string // the path that the gate lets nobody into
	store   *Store
	records []Record
}

func newAPI(t testing.TB) *testAPI {
	t.Helper()
	s := &testAPI{store: NewStore(), people: []Person{
		{ID: "1", Name: "Ada Lovelace", Username: "ada@contoso.test"},
		{ID: "2", Name: "Grace Hopper", Username: "grace@contoso.test"},
	}}
	api := &API{
		People: func() []Person { return s.people },
		Person: func(name string) (Person, bool) {
			for _, p := range s.people {
				if name == p.ID || name == p.Username {
					return p, true
				}
			}
			return Person{}, false
		},
		Revoke:       func(id string) { t.Errorf("%s was revoked", id) },
		UploadOrigin: func(*http.Request) string { return "https://files.test" },
	}
	s.Handler = api.Handler(func(next func(*Exchange, *Caller)) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == s.refused {
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			var record Record
			next(&Exchange{ResponseWriter: w, Request: r, Now: time.Now, Store: s.store, Record: &record},
				&Caller{ID: s.people[0].ID, Person: &s.people[0]})
			s.records = append(s.records, record)
		})
	})
	return s
}

type answer struct {
	status int
	header http.Header
	body   []byte
	json   map[string]any
}

func (a answer) text(name string) string {
	s, _ := a.json[name].(string)
	return s
}

func (s *testAPI) send(req *http.Request) answer {
	w := httptest.NewRecorder()
	s.ServeHTTP(w, req)
	a := answer{status: w.Code, header: w.Header(), body: w.Body.Bytes()}
	json.Unmarshal(a.body, &a.json)
	return a
}

func (s *testAPI) call(t testing.TB, method, path, body string) answer {
	t.Helper()
	return s.send(request(method, path, strings.NewReader(body)))
}

func request(method, path string, body io.Reader) *http.Request {
	return httptest.NewRequest(method, base+path, body)
}

// Nobody gets past the gate, nor does a request within a batch.
func TestGate(t *testing.T) {
	s := newAPI(t)
	s.refused = "/v1.0/me/messages"
	assert.Equal(t, 401, s.call(t, "POST", "/me/messages", `{}`).status)
	status, answers := sendBatch(t, s, `{"requests":[{"id":"1","method":"POST","url":"/me/messages","body":{}},{"id":"2","method":"GET","url":"/me"}]}`)
	require.Equal(t, 200, status)
	assert.Equal(t, 401, answers["1"].Status)
	assert.Equal(t, 200, answers["2"].Status)
	s.refused = ""
	assert.Empty(t, s.call(t, "GET", "/me/messages", "").json["value"])
}

// What is to be recorded is known before the answer begins.
func TestRecord(t *testing.T) {
	s := newAPI(t)
	s.call(t, "PUT", "/me/drive/root:/june.pdf:/content", "contents")
	s.call(t, "GET", "/users/nobody", "")
	require.Len(t, s.records, 2)
	assert.EqualValues(t, 8, s.records[0].BodyLength)
	assert.Equal(t, "d1b2a59fbea7e20077af9f91b27e95e865061b270be03ff539ab3b73587882e8", s.records[0].BodySHA256)
	assert.Equal(t, "Request_ResourceNotFound", s.records[1].Error)
}

// Where a new store takes the place of the one before, nothing is left.
func TestNewStore(t *testing.T) {
	s := newAPI(t)
	require.Equal(t, 204, s.call(t, "PATCH", "/me", `{"jobTitle":"Analyst"}`).status)
	made := s.call(t, "PUT", "/me/drive/root:/june.pdf:/content", "contents")
	s.store = NewStore()
	assert.NotContains(t, s.call(t, "GET", "/me", "").json, "jobTitle")
	assert.Equal(t, 404, s.call(t, "GET", "/me/drive/items/"+made.text("id"), "").status)
}
