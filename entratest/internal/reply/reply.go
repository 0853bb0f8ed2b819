// Package reply is what the answers of entratest have in common, whichever part
// of it they come from.
package reply

import (
	"encoding/json"
	"net/http"
	"time"
)

// JSON answers r with a body that can be marshalled; it panics for another one.
// The answer to a HEAD request has none.
func JSON(w http.ResponseWriter, r *http.Request, status int, body any) {
	b, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		w.Write(b)
	}
}

// Date sets the header that net/http sets by the true clock.
func Date(h http.Header, now time.Time) { h.Set("Date", now.UTC().Format(http.TimeFormat)) }

// Early lets an answer overtake the request's body, which HTTP/1.1 otherwise
// reads first.
func Early(w http.ResponseWriter) {
	http.NewResponseController(w).EnableFullDuplex() // not needed for HTTP/2, an error there
}
