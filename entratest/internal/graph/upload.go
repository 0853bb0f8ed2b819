package graph

import (
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/msalcae/msalcae/entratest/internal/ids"
	"github.com/msalcae/msalcae/entratest/internal/reply"
)

// What an upload session may hold, see
// https://learn.microsoft.com/graph/api/driveitem-createuploadsession.
const (
	uploadLifetime    = 24 * time.Hour // since the last fragment
	maxFragment       = 60 << 20
	maxUploadSessions = 1000
)

// An uploadSession is a file on its way. Its URL is all that it takes to add to
// it: who has it needs no token.
type uploadSession struct {
	id      string
	at      place
	owner   *belongings
	expires time.Time
	busy    bool // a fragment is being read
	got     int64
	total   int64 // 0: not known yet
	sum     hash.Hash
}

func (u *uploadSession) state() map[string]any {
	next := []string{}
	if u.total == 0 || u.got < u.total {
		next = append(next, strconv.FormatInt(u.got, 10)+"-")
	}
	return map[string]any{
		"expirationDateTime": u.expires.UTC().Format(time.RFC3339),
		"nextExpectedRanges": next,
	}
}

// createUploadSession answers with a URL on another host.
func createUploadSession(x *Exchange, c *Caller, at place) {
	if x.Request.ContentLength != 0 {
		if _, ok := x.readJSON(); !ok {
			return
		}
	}
	u := &uploadSession{id: ids.Secret(), at: at, owner: c.has, expires: time.Now().Add(uploadLifetime), sum: newSHA256()}
	x.Store.mu.Lock()
	x.Store.uploads.Put(u.id, u)
	state := u.state()
	x.Store.mu.Unlock()
	state["@odata.context"] = x.odata("microsoft.graph.uploadSession")
	state["uploadUrl"] = x.api.UploadOrigin(x.Request) + "/up/" + u.id
	x.json(http.StatusOK, state)
}

// Uploads serves what the URLs of upload sessions lead to, and everything else by
// other. gate makes the handler of a route: any request that it does not answer
// itself it hands to next.
func Uploads(gate func(next func(*Exchange)) http.Handler, other http.Handler) http.Handler {
	mux := http.NewServeMux()
	handle := func(pattern string, h func(*Exchange, *uploadSession)) {
		mux.Handle(pattern, gate(func(x *Exchange) {
			if x.Request.Header.Get("Authorization") != "" {
				// OneDrive says no to a token that it did not ask for.
				reply.Early(x)
				x.Error(http.StatusUnauthorized, "unauthenticated", "An upload URL is authorized by itself: send no Authorization header.")
				return
			}
			x.Store.mu.Lock()
			u, ok := x.Store.uploads.Get(x.Request.PathValue("id"))
			if ok && !time.Now().Before(u.expires) {
				x.Store.uploads.Drop(u.id)
				ok = false
			}
			x.Store.mu.Unlock()
			if !ok {
				reply.Early(x)
				x.Error(http.StatusNotFound, "itemNotFound", "The upload session was not found.")
				return
			}
			h(x, u)
		}))
	}
	handle("PUT /up/{id}", putFragment)
	handle("GET /up/{id}", func(x *Exchange, u *uploadSession) {
		x.Store.mu.Lock()
		state := u.state()
		x.Store.mu.Unlock()
		x.json(http.StatusOK, state)
	})
	handle("DELETE /up/{id}", func(x *Exchange, u *uploadSession) {
		x.Store.mu.Lock()
		x.Store.uploads.Drop(u.id)
		x.Store.mu.Unlock()
		x.WriteHeader(http.StatusNoContent)
	})
	mux.Handle("/", other)
	return mux
}

// A byteRange is a fragment's place: bytes from-to/total, to being its last.
type byteRange struct{ from, to, total int64 }

// parseRange reads a Content-Range header (RFC 9110 section 14.4).
func parseRange(header string) (r byteRange, ok bool) {
	n, err := fmt.Sscanf(header, "bytes %d-%d/%d", &r.from, &r.to, &r.total)
	ok = err == nil && n == 3 && r.from >= 0 && r.to >= r.from && r.total > r.to && r.total <= maxUploadBody
	return r, ok
}

// putFragment takes the next part of the file. Half a fragment is none: the
// client sends it again.
func putFragment(x *Exchange, u *uploadSession) {
	r, ok := parseRange(x.Request.Header.Get("Content-Range"))
	size := r.to - r.from + 1
	switch {
	case !ok || x.Request.ContentLength >= 0 && x.Request.ContentLength != size:
		x.Error(http.StatusBadRequest, "invalidRequest", "The Content-Range header is missing or malformed.")
		return
	case size > maxFragment:
		reply.Early(x)
		x.Error(http.StatusRequestEntityTooLarge, "invalidRequest", "A fragment is 60 MiB at most.")
		return
	}
	x.Store.mu.Lock()
	fits := !u.busy && r.from == u.got && (u.total == 0 || u.total == r.total)
	if fits {
		u.busy = true
	}
	sum, err := u.sum.(hash.Cloner).Clone()
	x.Store.mu.Unlock()
	if err != nil {
		panic(err) // crypto/sha256 documents that there is none
	}
	if !fits {
		reply.Early(x)
		x.Error(http.StatusRequestedRangeNotSatisfiable, "invalidRange", "The uploaded fragment overlaps with data that has already been received, or leaves some out.")
		return
	}
	n, whole := x.readFragment(sum, size)
	x.Store.mu.Lock()
	u.busy = false
	if whole {
		u.got, u.total, u.sum = u.got+n, r.total, sum
		u.expires = time.Now().Add(uploadLifetime)
	}
	finished := u.got == u.total && whole
	if finished {
		x.Store.uploads.Drop(u.id)
	}
	state := u.state()
	x.Store.mu.Unlock()
	switch {
	case !whole:
		x.Error(http.StatusBadRequest, "invalidRequest", "The fragment ended early.")
	case finished:
		x.put(u.owner, u.at, u.total, hex.EncodeToString(u.sum.Sum(nil)))
	default:
		x.json(http.StatusAccepted, state)
	}
}

// readFragment reads size bytes into w.
func (x *Exchange) readFragment(w io.Writer, size int64) (n int64, whole bool) {
	n, err := io.Copy(w, x.limited(size))
	x.Record.BodyLength = n
	return n, err == nil && n == size
}
