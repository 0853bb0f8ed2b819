// Package live is a page for people who want to watch a client heal: users,
// sessions, tokens with their claims, every request as it happens, and buttons
// for the switches that matter most. It lives on the endpoints of package
// admin, which have to be served beside it, and shows no token and no secret.
package live

import (
	"embed"
	"io/fs"
	"net/http"
)

//go:embed page
var files embed.FS

// policy lets the page load what is its own, and nothing else.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; " +
	"base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// Handler returns a handler that serves the page at "/". Whatever it shows, it
// fetches from /admin of the same origin. It may be used concurrently.
func Handler() http.Handler {
	page, err := fs.Sub(files, "page")
	if err != nil {
		panic(err) // the folder is embedded
	}
	serve := http.FileServerFS(page)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		serve.ServeHTTP(w, r)
	})
}
