package admin

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/msalcae/msalcae/entratest"
)

// A Handler serves the switches of a server under /admin. Its fields are not
// to be changed once it serves; it may be used concurrently.
type Handler struct {
	Server *entratest.Server // required

	// Initial is applied when the server is reset. It is not applied before:
	// call its Apply for that.
	Initial Config
}

// prefix is what all paths begin with.
const prefix = "/admin"

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Content-Type", "application/json; charset=utf-8")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	if err := admitted(r); err != nil {
		answer(w, http.StatusForbidden, problem(err))
		return
	}
	name := strings.Trim(strings.TrimPrefix(r.URL.Path, prefix), "/")
	if !strings.HasPrefix(r.URL.Path+"/", prefix+"/") {
		name = "?"
	}
	serve := h.route(name)
	if len(serve) == 0 {
		answer(w, http.StatusNotFound, problem(fmt.Errorf("there is no %q; GET %s lists what there is", r.URL.Path, prefix)))
		return
	}
	do, ok := serve[r.Method]
	if !ok {
		for method := range serve {
			header.Add("Allow", method)
		}
		answer(w, http.StatusMethodNotAllowed, problem(fmt.Errorf("%s takes %s", r.URL.Path, strings.Join(header["Allow"], " or "))))
		return
	}
	result, err := do(w, r)
	if result == streamed {
		return
	}
	if err != nil {
		answer(w, http.StatusBadRequest, problem(err))
		return
	}
	if result == nil {
		result = struct{}{}
	}
	answer(w, http.StatusOK, result)
}

// A served path answers with what it returns, as JSON; nil is an empty object.
type served func(w http.ResponseWriter, r *http.Request) (any, error)

// route returns what a path serves, by method.
func (h *Handler) route(name string) map[string]served {
	switch name {
	case "":
		return map[string]served{"GET": h.list}
	case "stats":
		return map[string]served{"GET": func(http.ResponseWriter, *http.Request) (any, error) { return h.Server.Stats(), nil }}
	case "log":
		return map[string]served{"GET": h.log}
	case "sessions":
		return map[string]served{"GET": h.sessions}
	case "tokens":
		return map[string]served{"GET": h.tokens}
	case "required-auth-contexts":
		return map[string]served{"GET": h.authContexts}
	case "events":
		return map[string]served{"GET": h.events}
	case "directory":
		return map[string]served{"GET": h.directory}
	case "config":
		return map[string]served{"GET": h.showConfig, "POST": h.applyConfig}
	case "reset":
		return map[string]served{"POST": h.reset}
	}
	if s, ok := switchNamed(name); ok {
		return map[string]served{"POST": func(w http.ResponseWriter, r *http.Request) (any, error) {
			body, err := readBody(w, r)
			if err != nil {
				return nil, err
			}
			do, err := s.read(body)
			if err != nil {
				return nil, err
			}
			return attempt(do, h.Server)
		}}
	}
	return nil
}

// list shows what there is.
func (h *Handler) list(http.ResponseWriter, *http.Request) (any, error) {
	type line struct {
		Path  string            `json:"path"`
		Does  string            `json:"does"`
		Takes map[string]string `json:"takes,omitempty"`
	}
	lines := []line{
		{"GET " + prefix + "/stats", "Shows the counters.", nil},
		{"GET " + prefix + "/log", "Shows the latest requests.", nil},
		{"GET " + prefix + "/sessions", "Shows who is signed in.", nil},
		{"GET " + prefix + "/tokens", "Shows the claims of the latest access tokens, and what the API makes of them.", nil},
		{"GET " + prefix + "/required-auth-contexts", "Shows which authentication contexts the API requires where.", nil},
		{"GET " + prefix + "/events", "Shows requests as they happen, as server-sent events.", nil},
		{"GET " + prefix + "/directory", "Shows the users and applications by their names.", nil},
		{"GET " + prefix + "/config", "Shows the users and applications, their passwords and secrets included.", nil},
		{"POST " + prefix + "/config", "Adds users and applications and throws switches, in their order.", members[Config]()},
		{"POST " + prefix + "/reset", "Makes the server as it was when it was new.", nil},
	}
	for _, s := range switches() {
		lines = append(lines, line{"POST " + prefix + "/" + s.name, s.does, s.takes})
	}
	return map[string]any{"endpoints": lines}, nil
}

func (h *Handler) log(http.ResponseWriter, *http.Request) (any, error) {
	requests := h.Server.Log()
	if requests == nil {
		requests = []entratest.Request{}
	}
	return map[string]any{"requests": requests}, nil
}

func (h *Handler) sessions(http.ResponseWriter, *http.Request) (any, error) {
	return map[string]any{"sessions": append([]entratest.Session{}, h.Server.Sessions()...)}, nil
}

func (h *Handler) tokens(http.ResponseWriter, *http.Request) (any, error) {
	return map[string]any{"tokens": h.Server.Tokens()}, nil
}

func (h *Handler) authContexts(http.ResponseWriter, *http.Request) (any, error) {
	return map[string]any{"auth_contexts": append([]entratest.RequiredAuthContext{}, h.Server.RequiredAuthContexts()...)}, nil
}

func (h *Handler) showConfig(http.ResponseWriter, *http.Request) (any, error) {
	return Config{Users: h.Server.Users(), Apps: h.Server.Apps()}, nil
}

func (h *Handler) applyConfig(w http.ResponseWriter, r *http.Request) (any, error) {
	body, err := readBody(w, r)
	if err != nil {
		return nil, err
	}
	c, err := ParseConfig(body)
	if err != nil {
		return nil, err
	}
	return c.Apply(h.Server)
}

func (h *Handler) reset(w http.ResponseWriter, r *http.Request) (any, error) {
	body, err := readBody(w, r)
	if err != nil {
		return nil, err
	}
	if err := decode(body, &struct{}{}); err != nil {
		return nil, err
	}
	h.Server.Reset()
	_, err = h.Initial.Apply(h.Server)
	return nil, err
}

// attempt turns a panic of the server into an error: its methods panic for a
// user whom nobody knows, so that no test revokes nobody, and here the name
// came from elsewhere.
func attempt(do action, s *entratest.Server) (result any, err error) {
	defer func() {
		switch p := recover().(type) {
		case nil:
		case string:
			text, ours := strings.CutPrefix(p, "entratest: ")
			if !ours {
				panic(p)
			}
			err = errors.New(text)
		default:
			panic(p)
		}
	}()
	return do(s)
}

func problem(err error) any { return map[string]string{"error": err.Error()} }

func answer(w http.ResponseWriter, status int, body any) {
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(body) // a client that has left needs no answer
}
