package admin

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// streamed is the result of what has answered by itself.
var streamed any = new(byte)

// events streams the server's requests as server-sent events, one JSON object
// each, until the client leaves.
func (h *Handler) events(w http.ResponseWriter, r *http.Request) (any, error) {
	following := h.Server.Follow(r.Context()) // from before the client knows
	w.Header().Set("Content-Type", "text/event-stream")
	flusher := http.NewResponseController(w)
	w.WriteHeader(http.StatusOK)
	if flusher.Flush() != nil {
		return streamed, nil
	}
	for request := range following {
		data, err := json.Marshal(request)
		if err != nil {
			return streamed, nil // cannot be: a Request has nothing that JSON has not
		}
		if _, err := fmt.Fprintf(w, "event: request\ndata: %s\n\n", data); err != nil || flusher.Flush() != nil {
			return streamed, nil
		}
	}
	return streamed, nil
}
