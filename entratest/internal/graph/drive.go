package graph

import (
	"crypto/sha256"
	"encoding/json"
	"hash"
	"io"
	"net/http"
	"path"
	"strings"

	"github.com/msalcae/msalcae/entratest/internal/ids"
	"github.com/msalcae/msalcae/entratest/internal/shelf"
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
	id, sha256, tag string
	path            string // from the root
	size            int64
}

func (d *driveItem) shown() map[string]any {
	return map[string]any{
		"id":   d.id,
		"name": path.Base(d.path),
		"size": d.size,
		"eTag": d.tag,
		"file": map[string]any{"hashes": map[string]any{"sha256Hash": d.sha256}},
	}
}

// newTag changes the tag, as every change of the file does.
func (d *driveItem) newTag() { d.tag = `"{` + ids.NewGUID() + `},1"` }

// A place is where a URL says that a file is: by its id or by its path, which
// knows no case. See https://learn.microsoft.com/graph/onedrive-addressing-driveitems.
type place struct{ id, path string }

// placed reads what comes after "drive/" in a URL: a place and a function of
// the file there.
func (x *Exchange) placed() (at place, function string) {
	item, function := path.Split(x.Request.PathValue("item"))
	if item = strings.TrimSuffix(item, "/"); item == "" {
		return place{}, ""
	}
	if named, ok := strings.CutSuffix(item, ":"); ok {
		return place{path: bounded(named)}, function
	}
	return place{id: bounded(path.Base(item))}, function
}

// in finds the file at the place, nil if there is none. The store's mu is held.
func (at place) in(drive *shelf.Shelf[*driveItem]) *driveItem {
	if at.id != "" {
		d, _ := drive.Get(at.id)
		return d
	}
	for _, d := range drive.All() {
		if strings.EqualFold(d.path, at.path) {
			return d
		}
	}
	return nil
}

// name is that of a file made there: the last of a path that is short enough.
func (at place) name() string {
	name := at.path
	if at.id != "" {
		name = at.id
	}
	if base := path.Base(name); len(base) > maxName {
		name = strings.ToValidUTF8(base[:maxName], "")
	}
	return name
}

// put makes or replaces the file at a place and answers with it. What is there
// must be in the state that the client believes it to be in.
func (x *Exchange) put(owner *belongings, at place, size int64, sha256 string) {
	x.Store.mu.Lock()
	d, status := at.in(owner.drive), http.StatusOK
	fits := d == nil || x.matches(d)
	if d == nil {
		d, status = &driveItem{id: ids.NewGUID(), path: at.name()}, http.StatusCreated
		owner.drive.Put(d.id, d)
	}
	if fits {
		d.size, d.sha256 = size, sha256
		d.newTag()
	}
	shown := d.shown()
	x.Store.mu.Unlock()
	if !fits {
		x.modified()
		return
	}
	x.json(status, shown)
}

// driveAction routes what ends in a function of a file.
func driveAction(x *Exchange, c *Caller) {
	if at, function := x.placed(); function == "createUploadSession" {
		createUploadSession(x, c, at)
		return
	}
	unknownSegment(x, c)
}

// upload takes a file and forgets it: its length and hash remain.
func upload(x *Exchange, c *Caller) {
	at, function := x.placed()
	if function != "content" {
		unknownSegment(x, c)
		return
	}
	if x.receive(io.Discard, maxUploadBody) {
		x.put(c.has, at, x.Record.BodyLength, x.Record.BodySHA256)
	}
}

// matches tells whether the file is in the state that the client believes it to
// be in (If-Match, RFC 9110 section 13.1.1).
func (x *Exchange) matches(d *driveItem) bool {
	tag := x.Request.Header.Get("If-Match")
	return tag == "" || tag == "*" || tag == d.tag
}

func (x *Exchange) modified() {
	x.Error(http.StatusPreconditionFailed, "resourceModified", "ETag does not match current item's value.")
}

func readItem(x *Exchange, c *Caller) {
	x.changeItem(c, http.StatusOK, func(*driveItem) {})
}

// renameItem changes what can be changed: the name.
func renameItem(x *Exchange, c *Caller) {
	body, ok := x.readJSON()
	if !ok {
		return
	}
	var name string
	if json.Unmarshal(body["name"], &name) != nil || name == "" || len(name) > maxName || strings.Contains(name, "/") || len(body) > 1 {
		x.Error(http.StatusBadRequest, "invalidRequest", "Only the name can be changed.")
		return
	}
	x.changeItem(c, http.StatusOK, func(d *driveItem) {
		d.path = strings.TrimSuffix(d.path, path.Base(d.path)) + name
		d.newTag()
	})
}

func deleteItem(x *Exchange, c *Caller) {
	x.changeItem(c, http.StatusNoContent, func(d *driveItem) { c.has.drive.Drop(d.id) })
}

// changeItem answers with what is left of the file that a URL names by its id.
func (x *Exchange) changeItem(c *Caller, status int, change func(*driveItem)) {
	x.Store.mu.Lock()
	d, _ := c.has.drive.Get(x.Request.PathValue("id"))
	fits := d != nil && x.matches(d)
	var shown map[string]any
	if fits {
		change(d)
		shown = d.shown()
	}
	x.Store.mu.Unlock()
	switch {
	case d == nil:
		x.Error(http.StatusNotFound, "itemNotFound", "The resource could not be found.")
	case !fits:
		x.modified()
	case status == http.StatusNoContent:
		x.WriteHeader(status)
	default:
		x.json(status, shown)
	}
}
