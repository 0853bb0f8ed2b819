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
)

// A message is one of a mailbox, as it was posted.
type message struct {
	id   string
	body map[string]json.RawMessage
}

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

func listMessages(x *exchange, c *caller) {
	if !x.delegated(c) {
		return
	}
	x.s.mu.Lock()
	messages := slices.Clone(c.user.messages)
	x.s.mu.Unlock()
	all := make([]map[string]json.RawMessage, len(messages))
	for i, m := range messages {
		all[i] = m.body
	}
	x.json(http.StatusOK, map[string]any{"@odata.context": x.odata("users('me')/messages"), "value": all})
}

func createMessage(x *exchange, c *caller) {
	body, ok := x.readJSON()
	if !ok || !x.delegated(c) {
		return
	}
	x.json(http.StatusCreated, x.s.keep(c.user, body))
}

func sendMail(x *exchange, c *caller) {
	body, ok := x.readJSON()
	if !ok || !x.delegated(c) {
		return
	}
	var sent map[string]json.RawMessage
	if json.Unmarshal(body["message"], &sent) != nil || sent == nil {
		x.graphError(http.StatusBadRequest, "BadRequest", "The parameter 'message' is missing.")
		return
	}
	x.s.keep(c.user, sent)
	x.WriteHeader(http.StatusAccepted)
}

// keep puts a message into the mailbox and returns it with its id.
func (s *Server) keep(u *account, body map[string]json.RawMessage) map[string]json.RawMessage {
	id := newGUID()
	body["id"], _ = json.Marshal(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	u.messages = append(u.messages, message{id, body})
	if len(u.messages) > maxMessages {
		u.messages = slices.Clone(u.messages[1:])
	}
	return body
}

// upload takes a file and forgets it: its length and hash remain.
func upload(x *exchange, c *caller) {
	if !x.receive(io.Discard, maxUploadBody) || !x.delegated(c) {
		return
	}
	x.json(http.StatusCreated, map[string]any{
		"id":   newGUID(),
		"name": x.r.PathValue("item"),
		"size": x.rec.BodyLength,
		"file": map[string]any{"hashes": map[string]any{"sha256Hash": x.rec.BodySHA256}},
	})
}
