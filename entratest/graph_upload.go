package entratest

import (
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/msalcae/msalcae/entratest/internal/ids"
	"github.com/msalcae/msalcae/entratest/internal/reply"
)

// uploadHost is the host of upload sessions for who knows Graph by its real
// name: OneDrive's own in a tenant named contoso.
const uploadHost = "contoso-my.sharepoint.com"

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
	owner   *principal
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
func createUploadSession(x *exchange, c *caller, at place) {
	if x.r.ContentLength != 0 {
		if _, ok := x.readJSON(); !ok {
			return
		}
	}
	u := &uploadSession{id: ids.Secret(), at: at, owner: c.principal, expires: time.Now().Add(uploadLifetime), sum: newSHA256()}
	x.s.mu.Lock()
	x.s.uploads.Put(u.id, u)
	state := u.state()
	x.s.mu.Unlock()
	state["@odata.context"] = x.odata("microsoft.graph.uploadSession")
	state["uploadUrl"] = x.uploadOrigin() + "/up/" + u.id
	x.json(http.StatusOK, state)
}

// uploadOrigin is always of another host than the request's.
func (x *exchange) uploadOrigin() string {
	switch host := strings.ToLower(x.r.Host); {
	case cloudOfGraph(strings.TrimSuffix(host, ":443")) != nil:
		return "https://" + uploadHost
	case host == x.s.graph.addr && len(x.s.files.aka) > 0:
		return "https://" + x.s.files.aka[0]
	}
	return x.s.files.origin()
}

// uploadHost routes what upload URLs lead to.
func (s *Server) uploadHost() http.Handler {
	mux := http.NewServeMux()
	handle := func(pattern string, h func(*exchange, *uploadSession)) {
		mux.Handle(pattern, s.observe(UploadEndpoint, func(x *exchange) {
			x.rec.Path = "/up/" + hashOf(x.r.PathValue("id"))[:8] // who knows the id may write
			x.graphHeaders()
			if x.faulty() {
				return
			}
			if x.rec.TokenSHA256 != "" {
				// OneDrive says no to a token that it did not ask for.
				reply.Early(x)
				x.graphError(http.StatusUnauthorized, "unauthenticated", "An upload URL is authorized by itself: send no Authorization header.")
				return
			}
			x.s.mu.Lock()
			u, ok := x.s.uploads.Get(x.r.PathValue("id"))
			if ok && !time.Now().Before(u.expires) {
				x.s.uploads.Drop(u.id)
				ok = false
			}
			x.s.mu.Unlock()
			if !ok {
				reply.Early(x)
				x.graphError(http.StatusNotFound, "itemNotFound", "The upload session was not found.")
				return
			}
			h(x, u)
		}))
	}
	handle("PUT /up/{id}", putFragment)
	handle("GET /up/{id}", func(x *exchange, u *uploadSession) {
		x.s.mu.Lock()
		state := u.state()
		x.s.mu.Unlock()
		x.json(http.StatusOK, state)
	})
	handle("DELETE /up/{id}", func(x *exchange, u *uploadSession) {
		x.s.mu.Lock()
		x.s.uploads.Drop(u.id)
		x.s.mu.Unlock()
		x.WriteHeader(http.StatusNoContent)
	})
	mux.Handle("/", s.observe(OtherEndpoint, func(x *exchange) { x.WriteHeader(http.StatusNotFound) }))
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
func putFragment(x *exchange, u *uploadSession) {
	r, ok := parseRange(x.r.Header.Get("Content-Range"))
	size := r.to - r.from + 1
	switch {
	case !ok || x.r.ContentLength >= 0 && x.r.ContentLength != size:
		x.graphError(http.StatusBadRequest, "invalidRequest", "The Content-Range header is missing or malformed.")
		return
	case size > maxFragment:
		reply.Early(x)
		x.graphError(http.StatusRequestEntityTooLarge, "invalidRequest", "A fragment is 60 MiB at most.")
		return
	}
	x.s.mu.Lock()
	fits := !u.busy && r.from == u.got && (u.total == 0 || u.total == r.total)
	if fits {
		u.busy = true
	}
	sum, err := u.sum.(hash.Cloner).Clone()
	x.s.mu.Unlock()
	must(err)
	if !fits {
		reply.Early(x)
		x.graphError(http.StatusRequestedRangeNotSatisfiable, "invalidRange", "The uploaded fragment overlaps with data that has already been received, or leaves some out.")
		return
	}
	n, whole := x.readFragment(sum, size)
	x.s.mu.Lock()
	u.busy = false
	if whole {
		u.got, u.total, u.sum = u.got+n, r.total, sum
		u.expires = time.Now().Add(uploadLifetime)
	}
	finished := u.got == u.total && whole
	if finished {
		x.s.uploads.Drop(u.id)
	}
	state := u.state()
	x.s.mu.Unlock()
	switch {
	case !whole:
		x.graphError(http.StatusBadRequest, "invalidRequest", "The fragment ended early.")
	case finished:
		x.put(u.owner, u.at, u.total, hex.EncodeToString(u.sum.Sum(nil)))
	default:
		x.json(http.StatusAccepted, state)
	}
}

// readFragment reads size bytes into w.
func (x *exchange) readFragment(w io.Writer, size int64) (n int64, whole bool) {
	n, err := io.Copy(w, http.MaxBytesReader(x.ResponseWriter, x.r.Body, size))
	x.rec.BodyLength = n
	return n, err == nil && n == size
}
