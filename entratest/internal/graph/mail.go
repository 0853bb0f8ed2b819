package graph

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/msalcae/msalcae/entratest/internal/ids"
)

// What is kept of a mailbox.
const (
	maxMessages = 1000
	maxMailbox  = 64 << 20
)

// A message is one of a mailbox: what was posted, with an id.
type message map[string]json.RawMessage

func (m message) size() (n int) {
	for name, raw := range m {
		n += len(name) + len(raw)
	}
	return n
}

// mailbox returns whose mailbox the path means.
func (x *Exchange) mailbox(c *Caller) (*belongings, bool) {
	id := x.Request.PathValue("id")
	if id == "" {
		return c.has, true
	}
	p, ok := x.api.Person(id)
	if !ok {
		x.notFound(id)
		return nil, false
	}
	return x.Store.of(p.ID), true
}

func listMessages(x *Exchange, c *Caller) {
	owner, ok := x.mailbox(c)
	if !ok {
		return
	}
	x.Store.mu.Lock()
	messages := slices.Clone(owner.messages)
	x.Store.mu.Unlock()
	list(x, "users('"+owner.id+"')/messages", messages, 10)
}

func readMessage(x *Exchange, c *Caller) { x.changeStored(c, nil) }

func changeMessage(x *Exchange, c *Caller) {
	body, ok := x.readJSON()
	if !ok {
		return
	}
	if _, there := body["id"]; there {
		x.Error(http.StatusBadRequest, "ErrorInvalidPropertySet", "The property 'id' cannot be set.")
		return
	}
	x.changeStored(c, body)
}

// changeStored answers with a message, after changes to it. A message is never
// changed in place: it may be on its way to a client.
func (x *Exchange) changeStored(c *Caller, changes message) {
	owner, ok := x.mailbox(c)
	if !ok {
		return
	}
	id, _ := json.Marshal(x.Request.PathValue("message")) // any text can be
	x.Store.mu.Lock()
	i := slices.IndexFunc(owner.messages, func(m message) bool { return bytes.Equal(m["id"], id) })
	var changed message
	if i >= 0 {
		changed = maps.Clone(owner.messages[i])
		maps.Copy(changed, changes)
		if changed.size() <= maxJSONBody {
			owner.messages[i] = changed
		}
	}
	x.Store.mu.Unlock()
	switch {
	case changed == nil:
		x.Error(http.StatusNotFound, "ErrorItemNotFound", "The specified object was not found in the store.")
	case changed.size() > maxJSONBody:
		x.Error(http.StatusRequestEntityTooLarge, "ErrorMessageSizeExceeded", "The message exceeds the maximum supported size.")
	default:
		x.json(http.StatusOK, changed)
	}
}

// createMessage takes a message as JSON, or as MIME, of which only the length
// and the hash remain.
func createMessage(x *Exchange, c *Caller) {
	body := map[string]json.RawMessage{}
	ok := false
	if mime := x.Request.Header.Get("Content-Type"); mime == "" || strings.HasPrefix(mime, "application/json") {
		body, ok = x.readJSON()
	} else {
		ok = x.receive(io.Discard, maxUploadBody)
	}
	if !ok {
		return
	}
	if owner, ok := x.mailbox(c); ok {
		x.json(http.StatusCreated, x.Store.keep(owner, body))
	}
}

func sendMail(x *Exchange, c *Caller) {
	body, ok := x.readJSON()
	if !ok {
		return
	}
	var sent map[string]json.RawMessage
	if json.Unmarshal(body["message"], &sent) != nil || sent == nil {
		x.Error(http.StatusBadRequest, "BadRequest", "The parameter 'message' is missing.")
		return
	}
	if owner, ok := x.mailbox(c); ok {
		x.Store.keep(owner, sent)
		x.WriteHeader(http.StatusAccepted)
	}
}

// keep puts a message into the mailbox and returns it with its id.
func (s *Store) keep(owner *belongings, body message) message {
	body["id"] = json.RawMessage(`"` + ids.NewGUID() + `"`)
	s.mu.Lock()
	defer s.mu.Unlock()
	owner.messages = append(owner.messages, body)
	size := 0
	for i := len(owner.messages) - 1; i >= 0; i-- { // the oldest leave
		size += owner.messages[i].size()
		if size > maxMailbox || len(owner.messages)-i > maxMessages {
			owner.messages = slices.Clone(owner.messages[i+1:])
			break
		}
	}
	return body
}
