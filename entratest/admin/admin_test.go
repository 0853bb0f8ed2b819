package admin_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/msalcae/msalcae/entratest"
	"github.com/msalcae/msalcae/entratest/admin"
)

// A desk is a handler, served, with its server.
type desk struct {
	t   *testing.T
	s   *entratest.Server
	url string
}

func newDesk(t *testing.T, initial admin.Config) desk {
	s := entratest.NewServer()
	t.Cleanup(s.Close)
	_, err := initial.Apply(s)
	require.NoError(t, err)
	web := httptest.NewServer(&admin.Handler{Server: s, Initial: initial})
	t.Cleanup(web.Close)
	return desk{t, s, web.URL + "/admin"}
}

// do sends a request; headers are pairs.
func (d desk) do(method, path, body string, headers ...string) (int, map[string]any) {
	d.t.Helper()
	req, err := http.NewRequest(method, d.url+path, strings.NewReader(body))
	require.NoError(d.t, err)
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
		if headers[i] == "Host" {
			req.Host = headers[i+1]
		}
	}
	resp, err := http.DefaultClient.Do(req)
	require.NoError(d.t, err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	require.NoError(d.t, err)
	var answer map[string]any
	require.NoError(d.t, json.Unmarshal(b, &answer), "%s", b)
	return resp.StatusCode, answer
}

// throw posts a switch and fails the test if it is not taken.
func (d desk) throw(name, format string, args ...any) {
	d.t.Helper()
	status, answer := d.do("POST", "/"+name, fmt.Sprintf(format, args...))
	require.Equal(d.t, 200, status, "%s: %v", name, answer)
	require.Empty(d.t, answer)
}

func TestWebPagesAreNotAnswered(t *testing.T) {
	d := newDesk(t, admin.Config{})
	host := strings.TrimSuffix(strings.TrimPrefix(d.url, "http://"), "/admin")
	for _, c := range []struct {
		status  int
		headers []string
	}{
		{200, nil},
		{200, []string{"Host", "localhost"}},
		{200, []string{"Host", "[::1]:80"}},
		{200, []string{"Origin", "http://" + host}},
		{200, []string{"Sec-Fetch-Site", "same-origin"}},
		{403, []string{"Host", "evil.test"}},
		{403, []string{"Host", "127.0.0.1.evil.test:80"}},
		{403, []string{"Host", "10.0.0.1"}},
		{403, []string{"Origin", "https://evil.test"}},
		{403, []string{"Origin", "null"}},
		{403, []string{"Origin", "http://127.0.0.1:1"}},
		{403, []string{"Sec-Fetch-Site", "cross-site"}},
		{403, []string{"Sec-Fetch-Site", "same-site"}},
		{403, []string{"Host", "evil.test", "Origin", "http://evil.test"}},
	} {
		for _, method := range []string{"GET", "POST"} {
			path := map[string]string{"GET": "/stats", "POST": "/reset"}[method]
			status, _ := d.do(method, path, "", c.headers...)
			assert.Equal(t, c.status, status, "%s %v", method, c.headers)
		}
	}
	for from, want := range map[string]int{"127.0.0.1:1": 200, "[::1]:1": 200, "[::ffff:127.0.0.1]:1": 200, "192.0.2.1:1": 403, "": 403} {
		r := httptest.NewRequest("GET", "http://127.0.0.1/admin/stats", nil)
		r.RemoteAddr = from
		w := httptest.NewRecorder()
		(&admin.Handler{Server: d.s}).ServeHTTP(w, r)
		assert.Equal(t, want, w.Code, from)
	}
}

// Whatever has a fault in Go has one here.
func TestEveryEndpointFails(t *testing.T) {
	d := newDesk(t, admin.Config{})
	for _, e := range entratest.Endpoints() {
		status, answer := d.do("POST", "/fail", `{"endpoint":"`+string(e)+`","times":1,"status":500}`)
		assert.Equal(t, 200, status, "%v", answer)
	}
}

func TestWhatIsNotUnderstoodIsAnError(t *testing.T) {
	d := newDesk(t, admin.Config{})
	for _, c := range []struct {
		status             int
		method, path, body string
		problem            string
	}{
		{404, "GET", "/nothing", "", "there is no"},
		{404, "POST", "istration/revoke", "", "there is no"},
		{405, "GET", "/revoke", "", "takes POST"},
		{405, "DELETE", "/stats", "", "takes GET"},
		{400, "POST", "/revoke", `{"usr":"ada@contoso.test"}`, `unknown field "usr"`},
		{400, "POST", "/revoke", `{"user":"ada@contoso.test"} {}`, "something follows"},
		{400, "POST", "/revoke", `["ada@contoso.test"]`, "a JSON object is expected"},
		{400, "POST", "/revoke", `null`, "a JSON object is expected"},
		{400, "POST", "/revoke", `{"user":"nobody@contoso.test"}`, `there is no user or application "nobody@contoso.test"`},
		{400, "POST", "/revoke", `{"user":"ada@contoso.test","client":"x"}`, "not both"},
		{400, "POST", "/revoke", `{"refresh":"perhaps"}`, `"keep" or "revoke"`},
		{400, "POST", "/revoke", `{"user":"` + strings.Repeat("x", 1<<20) + `"}`, "too large"},
		{400, "POST", "/token-lifetime", `{"lifetime":"soon"}`, "duration"},
		{400, "POST", "/token-lifetime", `{"lifetime":true}`, "a duration is a text"},
		{400, "POST", "/fail", `{"endpoint":"kitchen","times":1}`, "endpoint is"},
		{400, "POST", "/fail", `{"endpoint":"token"}`, "times is"},
		{400, "POST", "/config", `{"users":[{"username":""}]}`, "AddUser"},
		{400, "POST", "/config", `{"switches":[{"revoke":{},"reset":{}}]}`, "2 members"},
		{400, "POST", "/config", `{"switches":[{"revoke":{"x":1}}]}`, `switches[0]: revoke: not as expected`},
		{400, "POST", "/reset", `{"x":1}`, "unknown field"},
	} {
		status, answer := d.do(c.method, c.path, c.body)
		assert.Equal(t, c.status, status, "%s %s", c.path, c.body[:min(len(c.body), 80)])
		assert.Contains(t, answer["error"], c.problem)
	}
}

func TestListNamesEverySwitch(t *testing.T) {
	d := newDesk(t, admin.Config{})
	status, answer := d.do("GET", "", "")
	require.Equal(t, 200, status)
	for _, e := range answer["endpoints"].([]any) {
		line := e.(map[string]any)
		method, path, _ := strings.Cut(line["path"].(string), " ")
		assert.NotEmpty(t, line["does"])
		status, _ := d.do("OPTIONS", strings.TrimPrefix(path, "/admin"), "")
		assert.Equal(t, http.StatusMethodNotAllowed, status, "%s %s is there", method, path)
	}
}

func TestLogAndStats(t *testing.T) {
	d := newDesk(t, admin.Config{})
	_, answer := d.do("GET", "/log", "")
	assert.Equal(t, []any{}, answer["requests"])
	resp, err := d.s.Client().Get(d.s.API() + "/me")
	require.NoError(t, err)
	resp.Body.Close()
	_, answer = d.do("GET", "/log", "")
	require.Len(t, answer["requests"], 1)
	request := answer["requests"].([]any)[0].(map[string]any)
	assert.Equal(t, "api", request["endpoint"])
	assert.Equal(t, "/v1.0/me", request["path"])
	assert.EqualValues(t, 401, request["status"])
	_, answer = d.do("GET", "/stats", "")
	assert.EqualValues(t, 1, answer["api_calls"])
}

func TestRequiredAuthContexts(t *testing.T) {
	d := newDesk(t, admin.Config{})
	shown := func() any {
		status, answer := d.do("GET", "/required-auth-contexts", "")
		assert.Equal(t, 200, status)
		return answer["auth_contexts"]
	}
	assert.Equal(t, []any{}, shown())
	d.throw("require-auth-context", `{"path":"","ids":["c1","c2"]}`)
	d.throw("require-auth-context", `{"path":"/me/messages","ids":["c3"]}`)
	assert.Equal(t, []any{
		map[string]any{"path": "", "ids": []any{"c1", "c2"}},
		map[string]any{"path": "/me/messages", "ids": []any{"c3"}},
	}, shown())
	d.throw("require-auth-context", `{"path":"","ids":[]}`)
	assert.Len(t, shown(), 1)
}

func TestDirectoryHasNoSecrets(t *testing.T) {
	d := newDesk(t, admin.Config{})
	_, answer := d.do("GET", "/directory", "")
	assert.Contains(t, answer["users"], map[string]any{"username": d.s.Username(), "name": "Ada Lovelace"})
	assert.Contains(t, answer["apps"], map[string]any{"client_id": d.s.ClientID(), "name": "entratest confidential client"})
	assert.NotContains(t, fmt.Sprint(answer), d.s.Password())
	assert.NotContains(t, fmt.Sprint(answer), d.s.ClientSecret())
}

func TestConfigAndReset(t *testing.T) {
	initial, err := admin.ParseConfig([]byte(`{"users":[{"username":"eve@contoso.test","object_id":"aaaaaaaa-0000-4000-8000-00000000000e"}]}`))
	require.NoError(t, err)
	d := newDesk(t, initial)
	status, added := d.do("POST", "/config", `{"users":[{"username":"bob@contoso.test","password":"p"}],
		"apps":[{"name":"another"}],"switches":[{"disable":{"user":"bob@contoso.test"}}]}`)
	require.Equal(t, 200, status, "%v", added)
	bob := added["users"].([]any)[0].(map[string]any)
	assert.NotEmpty(t, bob["object_id"], "made up")
	assert.NotEmpty(t, added["apps"].([]any)[0].(map[string]any)["client_id"])
	_, all := d.do("GET", "/config", "")
	assert.Len(t, all["users"], 4)

	d.throw("reset", "")
	_, all = d.do("GET", "/config", "")
	require.Len(t, all["users"], 3)
	assert.Equal(t, "eve@contoso.test", all["users"].([]any)[2].(map[string]any)["username"])
	assert.Len(t, all["apps"], 2)
}
