package graph

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// Sizes of bodies that the API takes: Graph's 4 MB for JSON, and enough for any
// test for uploads, which are not kept.
const (
	maxJSONBody   = 4 << 20
	maxUploadBody = 4 << 30
)

// receive reads a body to its end, at most limit bytes, into w as well. What
// arrived is recorded, and shown in the answer's headers X-Entratest-Length and
// X-Entratest-Sha256.
func (x *Exchange) receive(w io.Writer, limit int64) bool {
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(sum, w), x.limited(limit))
	x.Record.BodyLength = n
	if err != nil {
		x.unreadable(err)
		return false
	}
	x.Record.BodySHA256 = hex.EncodeToString(sum.Sum(nil))
	x.Header().Set("X-Entratest-Length", strconv.FormatInt(n, 10))
	x.Header().Set("X-Entratest-Sha256", x.Record.BodySHA256)
	return true
}

// readJSON reads a JSON object.
func (x *Exchange) readJSON() (map[string]json.RawMessage, bool) {
	var b bytes.Buffer
	if !x.receive(&b, maxJSONBody) {
		return nil, false
	}
	text, ok := x.decoded(b.Bytes())
	if !ok {
		return nil, false
	}
	var object map[string]json.RawMessage
	if json.Unmarshal(text, &object) != nil || object == nil {
		x.Error(http.StatusBadRequest, "BadRequest", "Unable to read JSON request payload.")
		return nil, false
	}
	return object, true
}

// decoded undoes the body's content coding, which Microsoft's Graph SDKs apply
// to every body (RFC 9110 section 8.4). What it cannot undo it answers with 415.
func (x *Exchange) decoded(body []byte) ([]byte, bool) {
	switch strings.ToLower(x.Request.Header.Get("Content-Encoding")) {
	case "", "identity":
		return body, true
	case "gzip":
		z, err := gzip.NewReader(bytes.NewReader(body))
		if err == nil {
			body, err = io.ReadAll(io.LimitReader(z, maxJSONBody+1))
		}
		switch {
		case err != nil:
			x.Error(http.StatusBadRequest, "BadRequest", "Unable to read the compressed request payload.")
			return nil, false
		case len(body) > maxJSONBody:
			x.unreadable(&http.MaxBytesError{Limit: maxJSONBody})
			return nil, false
		}
		return body, true
	}
	x.Error(http.StatusUnsupportedMediaType, "UnsupportedMediaType", "The request's content coding is not supported.")
	return nil, false
}

// limited reads at most n bytes of the body. net/http, which then has the client
// send no more, is found below all that wraps its answer.
func (x *Exchange) limited(n int64) io.Reader {
	w := http.ResponseWriter(x)
	for {
		u, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			return http.MaxBytesReader(w, x.Request.Body, n)
		}
		w = u.Unwrap()
	}
}

// unreadable answers a body that could not be read whole.
func (x *Exchange) unreadable(err error) {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		x.Error(http.StatusRequestEntityTooLarge, "RequestTooLarge", "The request body is too large.")
		return
	}
	x.Error(http.StatusBadRequest, "BadRequest", "The request body could not be read.")
}
