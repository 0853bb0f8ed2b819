package loopback

import (
	"bytes"
	"html/template"
	"net/http"
	"strconv"
)

// A Page is what a person sees at the end of a sign-in, or beside it. It is
// self-contained: nothing is fetched, no script runs.
type Page struct {
	Status int // HTTP
	Good   bool
	Title  string
	Text   string // what happened
	Next   string // what to do
	Code   string // Entra's error code; "": none
}

var pageTemplate = template.Must(template.New("page").Parse(`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{{.Title}}</title>
<style>
body { font: 1.1rem/1.5 system-ui, sans-serif; margin: 0; min-height: 90vh; display: grid; place-items: center; }
main { max-width: 32rem; padding: 2rem; border-left: .4rem solid {{if .Good}}#107c10{{else}}#c50f1f{{end}}; }
h1 { font-size: 1.5rem; margin: 0 0 .5rem; }
code { overflow-wrap: anywhere; }
</style>
</head>
<body>
<main>
<h1>{{.Title}}</h1>
<p>{{.Text}}</p>
{{with .Code}}<p>Error: <code>{{.}}</code></p>
{{end}}<p>{{.Next}}</p>
</main>
</body>
</html>
`))

// BackToProgram is a page's Next when there is nothing to do in the browser.
const BackToProgram = "You can close this page and go back to the program."

var (
	pageElsewhere = Page{
		Status: http.StatusNotFound, Title: "Nothing to see here",
		Text: "A program on this computer is waiting for somebody to sign in. This address is not part of that.",
		Next: "Finish the sign-in on the page that the program opened.",
	}
	pageNotPosted = Page{
		Status: http.StatusMethodNotAllowed, Title: "The sign-in is not finished",
		Text: "A program on this computer is waiting for the sign-in page to send its answer here.",
		Next: "Go back and finish the sign-in on the page that the program opened.",
	}
	pageOtherSignIn = Page{
		Status: http.StatusBadRequest, Title: "This is the end of another sign-in",
		Text: "The program that waits here has not asked for it; perhaps it was started again in the meantime.",
		Next: "Use the page that the program opened last.",
	}
)

// GivenUp ends a sign-in that nobody waits for any more.
var GivenUp = Page{
	Status: http.StatusServiceUnavailable, Title: "The program stopped waiting",
	Text: "The sign-in took too long, or the program was ended.",
	Next: "Go back to the program and start again.",
}

// SignedIn ends a sign-in that went well. name is who signed in, "" if unknown.
func SignedIn(name string) Page {
	text := "You are signed in."
	if name != "" {
		text = "You are signed in as " + name + "."
	}
	return Page{Status: http.StatusOK, Good: true, Title: "Signed in", Text: text, Next: BackToProgram}
}

// serve sends the whole page, length first, before it returns: the server may be
// closed at once then, and a browser loads a page whose end is missing forever.
func (p Page) serve(w http.ResponseWriter) {
	var b bytes.Buffer
	_ = pageTemplate.Execute(&b, p) // strings into memory
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(b.Len()))
	w.WriteHeader(p.Status)
	_, _ = w.Write(b.Bytes()) // the browser may have gone
	_ = http.NewResponseController(w).Flush()
}
