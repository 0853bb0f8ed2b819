package graph

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Only a file that is as the client believes it to be is changed.
func TestIfMatch(t *testing.T) {
	s := newAPI(t)
	made := s.call(t, "PUT", "/me/drive/root:/june.pdf:/content", "contents")
	require.Equal(t, 201, made.status)
	path := "/me/drive/items/" + made.text("id")
	change := func(method, tag, body string) answer {
		req := request(method, path, strings.NewReader(body))
		req.Header.Set("If-Match", tag)
		return s.send(req)
	}
	renamed := change("PATCH", made.text("eTag"), `{"name":"july.pdf"}`)
	require.Equal(t, 200, renamed.status)
	assert.Equal(t, "july.pdf", renamed.text("name"))
	assert.Equal(t, 412, change("PATCH", made.text("eTag"), `{"name":"august.pdf"}`).status)
	assert.Equal(t, 412, change("DELETE", made.text("eTag"), "").status)
	assert.Equal(t, 200, change("PATCH", "*", `{"name":"august.pdf"}`).status)
	assert.Equal(t, 400, change("PATCH", "*", `{"size":1}`).status)
	assert.Equal(t, "august.pdf", s.call(t, "GET", path, "").text("name"))
	assert.Equal(t, 204, s.call(t, "DELETE", path, "").status)
	assert.Equal(t, 404, s.call(t, "GET", path, "").status)
}

func TestFilesAreReplaced(t *testing.T) {
	s := newAPI(t)
	put := func(path, body, tag string) answer {
		req := request("PUT", "/me/drive/"+path, strings.NewReader(body))
		if tag != "" {
			req.Header.Set("If-Match", tag)
		}
		return s.send(req)
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
