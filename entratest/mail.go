package entratest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// A message is one of a mailbox: what was posted, with an id.
type message map[string]json.RawMessage

// receive reads a body to its end, at most limit bytes, into w as well. What
// arrived is recorded, and shown in the answer's headers X-Entratest-Length and
// X-Entratest-Sha256.
func (x *exchange) receive(w io.Writer, limit int64) bool {
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(sum, w), http.MaxBytesReader(x.ResponseWriter, x.r.Body, limit))
	x.rec.BodyLength = n
	if err != nil {
		x.unreadable(err)
		return false
	}
	x.rec.BodySHA256 = hex.EncodeToString(sum.Sum(nil))
	x.Header().Set("X-Entratest-Length", strconv.FormatInt(n, 10))
	x.Header().Set("X-Entratest-Sha256", x.rec.BodySHA256)
	return true
}

// readJSON reads a JSON object.
func (x *exchange) readJSON() (map[string]json.RawMessage, bool) {
	var b bytes.Buffer
	if !x.receive(&b, maxJSONBody) {
		return nil, false
	}
	var object map[string]json.RawMessage
	if json.Unmarshal(b.Bytes(), &object) != nil || object == nil {
		x.graphError(http.StatusBadRequest, "BadRequest", "Unable to read JSON request payload.")
		return nil, false
	}
	return object, true
}

// mailbox returns whose mailbox the path means.
func (x *exchange) mailbox(c *caller) (*principal, bool) {
	id := x.r.PathValue("id")
	if id == "" {
		return c.principal, true
	}
	x.s.mu.Lock()
	u := x.s.user(id)
	x.s.mu.Unlock()
	if u == nil {
		x.notFound(id)
		return nil, false
	}
	return &u.principal, true
}

func listMessages(x *exchange, c *caller) {
	owner, ok := x.mailbox(c)
	if !ok {
		return
	}
	x.s.mu.Lock()
	messages := slices.Clone(owner.messages)
	x.s.mu.Unlock()
	all := make([]message, len(messages))
	copy(all, messages)
	x.json(http.StatusOK, map[string]any{"@odata.context": x.odata("users('" + owner.objectID + "')/messages"), "value": all})
}

// createMessage takes a message as JSON, or as MIME, of which only the length
// and the hash remain.
func createMessage(x *exchange, c *caller) {
	body := map[string]json.RawMessage{}
	ok := false
	if mime := x.r.Header.Get("Content-Type"); mime == "" || strings.HasPrefix(mime, "application/json") {
		body, ok = x.readJSON()
	} else {
		ok = x.receive(io.Discard, maxUploadBody)
	}
	if !ok {
		return
	}
	if owner, ok := x.mailbox(c); ok {
		x.json(http.StatusCreated, x.s.keep(owner, body))
	}
}

func sendMail(x *exchange, c *caller) {
	body, ok := x.readJSON()
	if !ok {
		return
	}
	var sent map[string]json.RawMessage
	if json.Unmarshal(body["message"], &sent) != nil || sent == nil {
		x.graphError(http.StatusBadRequest, "BadRequest", "The parameter 'message' is missing.")
		return
	}
	if owner, ok := x.mailbox(c); ok {
		x.s.keep(owner, sent)
		x.WriteHeader(http.StatusAccepted)
	}
}

// keep puts a message into the mailbox and returns it with its id.
func (s *Server) keep(owner *principal, body message) message {
	body["id"] = json.RawMessage(`"` + newGUID() + `"`)
	s.mu.Lock()
	defer s.mu.Unlock()
	owner.messages = append(owner.messages, body)
	if len(owner.messages) > maxMessages {
		owner.messages = slices.Clone(owner.messages[1:])
	}
	return body
}
