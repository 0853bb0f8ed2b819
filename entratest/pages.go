package entratest

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"
	"strconv"
)

// A page is the name of a template.
type page string

const (
	pageSignIn    page = "signin"
	pageApprove   page = "approve"
	pageConsent   page = "consent"
	pageDevice    page = "device"  // asks for a user code
	pageConfirm   page = "confirm" // that a device's application is meant
	pageDone      page = "done"    // the device goes on
	pageSignedOut page = "signedout"
	pageFormPost  page = "form_post"
	pageError     page = "error"
	pageBlank     page = "blank" // where native applications may have the answer sent
)

//go:embed pages/*.html
var pageFiles embed.FS

// The pages are plain on purpose: a person can use them, with a keyboard, a
// screen reader or a phone, and so can a program that knows forms by their ids.
// They have no script but form_post's.
var pages = template.Must(template.ParseFS(pageFiles, "pages/*.html"))

// page answers with a page. Nothing may frame or keep it.
func (x *exchange) page(status int, p page, data any) {
	var b bytes.Buffer
	must(pages.ExecuteTemplate(&b, string(p), data))
	h := x.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(b.Len()))
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	x.WriteHeader(status)
	if x.r.Method != http.MethodHead {
		x.Write(b.Bytes())
	}
}
