package entratest

import (
	"crypto/sha256"
	"encoding/json"
	"hash"
	"io"
	"net/http"
	"path"
	"strings"
)

// What is kept in mind of a drive: so many files, with names as long as
// OneDrive's paths may be.
const (
	maxItems = 1000
	maxName  = 400
)

func newSHA256() hash.Hash { return sha256.New() }

// A driveItem is what remains of a file.
type driveItem struct {
	id, name, sha256, tag string
	size                  int64
}

func (d *driveItem) shown() map[string]any {
	return map[string]any{
		"id":   d.id,
		"name": d.name,
		"size": d.size,
		"eTag": d.tag,
		"file": map[string]any{"hashes": map[string]any{"sha256Hash": d.sha256}},
	}
}

// addItem puts a file into the owner's drive and returns it as Graph shows it.
func (s *Server) addItem(owner *principal, d *driveItem) map[string]any {
	if d.id == "" {
		d.id = newGUID()
	}
	d.tag = `"{` + newGUID() + `},1"`
	s.mu.Lock()
	defer s.mu.Unlock()
	if owner.drive == nil {
		owner.drive = newShelf[*driveItem](maxItems)
	}
	owner.drive.put(d.id, d)
	return d.shown()
}

// itemName is the file that a path means, by its path from the root or its id.
func (x *exchange) itemName() string {
	item := strings.TrimSuffix(x.r.PathValue("item"), "/"+path.Base(x.r.PathValue("item")))
	name := strings.Trim(path.Base(strings.TrimSuffix(item, ":")), ":")
	return strings.ToValidUTF8(name[:min(len(name), maxName)], "")
}

// driveAction routes what ends in a function of a file.
func driveAction(x *exchange, c *caller) {
	if strings.HasSuffix(x.r.PathValue("item"), "/createUploadSession") {
		createUploadSession(x, c)
		return
	}
	unknownSegment(x, c)
}

// upload takes a file and forgets it: its length and hash remain.
func upload(x *exchange, c *caller) {
	if !x.receive(io.Discard, maxUploadBody) {
		return
	}
	x.json(http.StatusCreated, x.s.addItem(c.principal, &driveItem{name: x.itemName(), size: x.rec.BodyLength, sha256: x.rec.BodySHA256}))
}

// item finds the file that a path names by its id, if it is in the state that
// the client believes it to be in (If-Match, RFC 9110 section 13.1.1). If not,
// it has answered. s.mu is held.
func (x *exchange) item(c *caller) (*driveItem, func()) {
	id := x.r.PathValue("id")
	if c.drive != nil {
		if d, ok := c.drive.get(id); ok {
			if tag := x.r.Header.Get("If-Match"); tag != "" && tag != "*" && tag != d.tag {
				return nil, func() {
					x.graphError(http.StatusPreconditionFailed, "resourceModified", "ETag does not match current item's value.")
				}
			}
			return d, nil
		}
	}
	return nil, func() { x.graphError(http.StatusNotFound, "itemNotFound", "The resource could not be found.") }
}

func readItem(x *exchange, c *caller) {
	x.changeItem(c, http.StatusOK, func(*driveItem) {})
}

// renameItem changes what can be changed: the name.
func renameItem(x *exchange, c *caller) {
	body, ok := x.readJSON()
	if !ok {
		return
	}
	var name string
	if json.Unmarshal(body["name"], &name) != nil || name == "" || len(name) > maxName || len(body) > 1 {
		x.graphError(http.StatusBadRequest, "invalidRequest", "Only the name can be changed.")
		return
	}
	x.changeItem(c, http.StatusOK, func(d *driveItem) {
		d.name, d.tag = name, `"{`+newGUID()+`},2"`
	})
}

func deleteItem(x *exchange, c *caller) {
	x.changeItem(c, http.StatusNoContent, func(d *driveItem) { c.drive.drop(d.id) })
}

// changeItem answers with what is left of the file.
func (x *exchange) changeItem(c *caller, status int, change func(*driveItem)) {
	x.s.mu.Lock()
	d, refuse := x.item(c)
	var shown map[string]any
	if d != nil {
		change(d)
		shown = d.shown()
	}
	x.s.mu.Unlock()
	switch {
	case refuse != nil:
		refuse()
	case status == http.StatusNoContent:
		x.WriteHeader(status)
	default:
		x.json(status, shown)
	}
}
