package entratest_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Only a file that is as the client believes it to be is changed.
func TestIfMatch(t *testing.T) {
	s := newServer(t)
	token := newNativeApp(t, s).signIn(cp1).token()
	made := call(t, s, token, "PUT", "/me/drive/root:/june.pdf:/content", "contents")
	require.Equal(t, 201, made.status)
	path := "/me/drive/items/" + made.text("id")
	change := func(method, tag, body string) answer {
		req := bearer(t, method, s.API()+path, token, strings.NewReader(body))
		req.Header.Set("If-Match", tag)
		return send(t, s.Client(), req)
	}
	renamed := change("PATCH", made.text("eTag"), `{"name":"july.pdf"}`)
	require.Equal(t, 200, renamed.status)
	assert.Equal(t, "july.pdf", renamed.text("name"))
	assert.Equal(t, 412, change("PATCH", made.text("eTag"), `{"name":"august.pdf"}`).status)
	assert.Equal(t, 412, change("DELETE", made.text("eTag"), "").status)
	assert.Equal(t, 200, change("PATCH", "*", `{"name":"august.pdf"}`).status)
	assert.Equal(t, 400, change("PATCH", "*", `{"size":1}`).status)
	assert.Equal(t, "august.pdf", call(t, s, token, "GET", path, "").text("name"))
	assert.Equal(t, 204, call(t, s, token, "DELETE", path, "").status)
	assert.Equal(t, 404, call(t, s, token, "GET", path, "").status)
}

func TestFilesAreReplaced(t *testing.T) {
	s := newServer(t)
	token := newNativeApp(t, s).signIn(cp1).token()
	put := func(path, body, tag string) answer {
		req := bearer(t, "PUT", s.API()+"/me/drive/"+path, token, strings.NewReader(body))
		if tag != "" {
			req.Header.Set("If-Match", tag)
		}
		return send(t, s.Client(), req)
	}
	made := put("root:/a/june.pdf:/content", "one", "")
	require.Equal(t, 201, made.status)
	again := put("root:/a/june.pdf:/content", "longer", "")
	assert.Equal(t, 200, again.status)
	assert.Equal(t, made.text("id"), again.text("id"))
	assert.NotEqual(t, made.text("eTag"), again.text("eTag"))
	assert.NotEqual(t, made.text("id"), put("root:/b/june.pdf:/content", "one", "").text("id"), "another folder's")
	assert.Equal(t, 412, put("items/"+made.text("id")+"/content", "x", made.text("eTag")).status)
	byID := put("items/"+made.text("id")+"/content", "by id", again.text("eTag"))
	assert.Equal(t, 200, byID.status)
	assert.Equal(t, "june.pdf", byID.text("name"))
	assert.EqualValues(t, 5, byID.json["size"])
	assert.Equal(t, 201, put("items/none/content", "x", "").status, "lenient")
	assert.Equal(t, 400, put("teapot", "x", "").status)
	assert.Equal(t, 400, put("content", "x", "").status)
}
