// Package pages is what people see of entratest's authority: plain HTML. It knows
// how a page looks, and not when it is shown.
package pages

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"
	"strconv"
)

// A Page is the name of a template.
type Page string

// The pages. Programs know their forms and fields by their ids.
const (
	SignIn    Page = "signin"
	Approve   Page = "approve"
	Consent   Page = "consent"
	Device    Page = "device"  // asks for a user code
	Confirm   Page = "confirm" // that a device's application is meant
	Done      Page = "done"    // the device goes on
	SignedOut Page = "signedout"
	FormPost  Page = "form_post"
	Error     Page = "error"
	Blank     Page = "blank" // where native applications may have the answer sent
)

//go:embed *.html
var pageFiles embed.FS

// The pages are plain on purpose: a person can use them, with a keyboard, a
// screen reader or a phone, and so can a program that knows forms by their ids.
// They have no script but form_post's.
var templates = template.Must(template.ParseFS(pageFiles, "*.html"))

// Write answers r with a page, whose template says which members data has.
// Nothing may frame or keep it.
func Write(w http.ResponseWriter, r *http.Request, status int, p Page, data any) {
	var b bytes.Buffer
	if err := templates.ExecuteTemplate(&b, string(p), data); err != nil {
		panic(err)
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(b.Len()))
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		w.Write(b.Bytes())
	}
}
