package graph

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"
)

const (
	// maxBatch is how many requests Graph takes in one.
	maxBatch = 20
	// maxBatchAnswer is the most that they are answered with together.
	maxBatchAnswer = 16 << 20
)

// A batchRequest is one of those in a batch, see
// https://learn.microsoft.com/graph/json-batching.
type batchRequest struct {
	ID        string
	Method    string
	URL       string
	Headers   map[string]string
	Body      json.RawMessage
	DependsOn []string
}

// batchKey marks the requests within a batch.
type batchKey struct{}

// batch sends what is in its body to h, one after another, each with the token
// of the batch, and answers 200 whatever becomes of them. One whose path
// demands more of the token than it has is answered with 401, and its headers
// have the challenge.
func batch(x *Exchange, h http.Handler) {
	if x.Request.Context().Value(batchKey{}) != nil {
		x.Error(http.StatusBadRequest, "BadRequest", "A batch within a batch is not supported.")
		return
	}
	object, ok := x.readJSON()
	if !ok {
		return
	}
	var requests []batchRequest
	if json.Unmarshal(object["requests"], &requests) != nil || len(requests) == 0 || len(requests) > maxBatch {
		x.Error(http.StatusBadRequest, "BadRequest", "A batch has 1 to 20 requests.")
		return
	}
	status := map[string]int{}
	for _, r := range requests {
		_, twice := status[r.ID]
		if r.ID == "" || twice || r.Method == "" || !strings.HasPrefix(r.URL, "/") || strings.HasPrefix(r.URL, "/$batch") {
			x.Error(http.StatusBadRequest, "BadRequest", "Every request of a batch has an id of its own, a method and a relative URL.")
			return
		}
		status[r.ID] = 0
	}
	responses := make([]map[string]any, len(requests))
	left := maxBatchAnswer
	for i, r := range requests {
		code, answer := x.inner(h, r, status, &left)
		status[r.ID] = code
		answer["id"], answer["status"] = r.ID, code
		responses[i] = answer
	}
	x.json(http.StatusOK, map[string]any{"responses": responses})
}

// inner answers one request of a batch. What it depends on must have come
// before it, and succeeded. left is how long its body may be.
func (x *Exchange) inner(h http.Handler, r batchRequest, status map[string]int, left *int) (code int, answer map[string]any) {
	for _, id := range r.DependsOn {
		if code := status[id]; code == 0 || code >= 400 {
			return http.StatusFailedDependency, map[string]any{}
		}
	}
	req, err := http.NewRequestWithContext(context.WithValue(x.Request.Context(), batchKey{}, true), r.Method, "https://"+x.Request.Host+"/"+x.Request.PathValue("version")+r.URL, bytes.NewReader(r.Body))
	if err != nil {
		return http.StatusBadRequest, map[string]any{}
	}
	for name, value := range r.Headers {
		req.Header.Set(name, value)
	}
	req.Header.Set("Authorization", x.Request.Header.Get("Authorization"))
	if len(r.Body) > 0 && req.Header.Get("Content-Type") == "" {
		req.Header.Set("Content-Type", "application/json")
	}
	w := &batchWriter{header: http.Header{}, left: *left}
	h.ServeHTTP(w, req)
	if w.overflow {
		return http.StatusInsufficientStorage, map[string]any{"body": map[string]any{"error": map[string]any{
			"code": "ResponseTooLarge", "message": "The answers to the batch are too large. Send the request by itself."}}}
	}
	*left = w.left
	headers := map[string]string{}
	for name, values := range w.header {
		headers[name] = strings.Join(values, ", ")
	}
	answer = map[string]any{"headers": headers}
	if body := w.body.Bytes(); json.Valid(body) {
		answer["body"] = json.RawMessage(body)
	} else if len(body) > 0 {
		answer["body"] = body // in base64
	}
	return w.code, answer
}

// A batchWriter keeps an answer for the batch's, unless it is too long.
type batchWriter struct {
	header   http.Header
	code     int
	body     bytes.Buffer
	left     int // bytes that it may still take
	overflow bool
}

func (w *batchWriter) Header() http.Header { return w.header }

func (w *batchWriter) WriteHeader(code int) {
	if w.code == 0 {
		w.code = code
	}
}

func (w *batchWriter) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	if w.left -= len(p); w.left < 0 {
		w.overflow = true
		w.body.Reset()
		return len(p), nil // the handler is not to blame
	}
	return w.body.Write(p)
}
