package graph

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func gzipped(t *testing.T, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := io.WriteString(z, text)
	require.NoError(t, err)
	require.NoError(t, z.Close())
	return b.Bytes()
}

func TestCompressedBodies(t *testing.T) {
	s := newAPI(t)
	send := func(coding string, body []byte) answer {
		req := request("POST", "/$batch", bytes.NewReader(body))
		req.Header.Set("Content-Encoding", coding)
		return s.send(req)
	}
	const batch = `{"requests":[{"id":"1","method":"GET","url":"/users"}]}`
	assert.Equal(t, 200, send("gzip", gzipped(t, batch)).status)
	assert.Equal(t, 400, send("gzip", []byte(batch)).status, "not compressed at all")
	assert.Equal(t, 400, send("gzip", gzipped(t, batch)[:20]).status, "cut off")
	assert.Equal(t, 415, send("br", []byte(batch)).status)
	assert.Equal(t, 200, send("GZIP", gzipped(t, batch)).status, "content codings know no case")
	bomb := gzipped(t, `{"requests":[],"padding":"`+strings.Repeat("x", 4<<20)+`"}`)
	assert.Equal(t, 413, send("gzip", bomb).status, "no more than a plain body may have")
}

// A wrapped answer is what a server's own recording makes of one.
type wrapped struct{ http.ResponseWriter }

func (w wrapped) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Over HTTP/1.1 a client that sends too much is told to send nothing more on
// that connection, however its answer is wrapped.
func TestTooLargeBodyEndsTheConnection(t *testing.T) {
	s := newAPI(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.ServeHTTP(wrapped{w}, r) }))
	defer server.Close()
	for size, status := range map[int]int{maxJSONBody: 400, maxJSONBody + 1: 413} {
		resp, err := http.Post(server.URL+"/v1.0/$batch", "application/json", strings.NewReader(strings.Repeat("x", size)))
		require.NoError(t, err)
		resp.Body.Close()
		assert.Equal(t, status, resp.StatusCode)
		assert.Equal(t, status == 413, resp.Close)
	}
}
