package entratest

import (
	"bytes"
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

// The pages are plain on purpose: a person can use them, and so can a program
// that knows forms by their ids. They have no script but form_post's, without
// which a browser would have to be clicked on.
var pages = template.Must(template.New("").Parse(`
{{define "head"}}<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"/><title>{{.}} (entratest)</title>
<style>body{font-family:sans-serif;max-width:26rem;margin:4rem auto;padding:0 1rem}input,button{font:inherit;padding:.4rem;margin:.2rem 0}
label,input[type=text],input[type=password]{display:block;width:100%;box-sizing:border-box}#error{color:#a00}small{color:#555;overflow-wrap:anywhere}</style>
</head><body><p><small>entratest: a local stand-in for Microsoft Entra ID, for tests only</small></p><h1>{{.}}</h1>{{end}}

{{define "hidden"}}<input type="hidden" name="ctx" value="{{.Ctx}}"/>{{end}}

{{define "about"}}<p>to continue to {{.App}}</p>
{{with .Error}}<p id="error" role="alert">{{.}}</p>{{end}}
{{with .Why}}<p id="why">More than your present sign-in is needed: {{.Reasons}}.</p>
<details><summary>What was asked for</summary><small id="claims">{{.Claims}}</small></details>{{end}}{{end}}

{{define "cancel"}}<form id="cancel" method="POST" action="{{.Post}}">{{template "hidden" .}}
<input type="hidden" name="action" value="cancel"/><button type="submit">Cancel</button></form></body></html>{{end}}

{{define "signin"}}{{template "head" "Sign in"}}{{template "about" .}}
{{range $i, $name := .Accounts}}<form id="account{{if $i}}-{{$i}}{{end}}" method="POST" action="{{$.Post}}">{{template "hidden" $}}
<input type="hidden" name="action" value="continue"/><input type="hidden" name="login" value="{{$name}}"/>
<button type="submit">{{$name}}</button></form>{{end}}{{if .Accounts}}<p>or use another account</p>{{end}}
<form id="signin" method="POST" action="{{.Post}}">{{template "hidden" .}}
<input type="hidden" name="action" value="signin"/>
<label for="login">Username</label><input type="text" id="login" name="login" value="{{.Hint}}" autocomplete="username"/>
<label for="passwd">Password</label><input type="password" id="passwd" name="passwd" autocomplete="current-password"/>
<button type="submit">Sign in</button></form>{{template "cancel" .}}{{end}}

{{define "approve"}}{{template "head" "Approve sign in request"}}{{template "about" .}}
<p>{{.Account}}: a second factor is needed.</p>
<form id="approve" method="POST" action="{{.Post}}">{{template "hidden" .}}
<input type="hidden" name="action" value="approve"/><button type="submit">Approve</button></form>{{template "cancel" .}}{{end}}

{{define "consent"}}{{template "head" "Permissions requested"}}{{template "about" .}}
<p>{{.Account}}: this application would like to have <small>{{.Scope}}</small></p>
<form id="consent" method="POST" action="{{.Post}}">{{template "hidden" .}}
<input type="hidden" name="action" value="accept"/><button type="submit">Accept</button></form>{{template "cancel" .}}{{end}}

{{define "device"}}{{template "head" "Enter code"}}<p>Enter the code displayed on your app or device.</p>
{{with .Error}}<p id="error" role="alert">{{.}}</p>{{end}}
<form id="device" method="POST" action="{{.Post}}"><label for="otc">Code</label>
<input type="text" id="otc" name="otc" autocomplete="off" autocapitalize="characters"/>
<button type="submit">Next</button></form></body></html>{{end}}

{{define "confirm"}}{{template "head" "Are you trying to sign in?"}}{{template "about" .}}
<p>{{.Account}}: only continue if you began this sign-in on a device of yours.</p>
<form id="confirm" method="POST" action="{{.Post}}">{{template "hidden" .}}
<input type="hidden" name="action" value="confirm"/><button type="submit">Continue</button></form>{{template "cancel" .}}{{end}}

{{define "done"}}{{template "head" "You have signed in"}}
<p id="done">You have signed in to {{.App}} on your device. You may now close this window.</p></body></html>{{end}}

{{define "signedout"}}{{template "head" "You signed out of your account"}}
<p id="done">It's a good idea to close all browser windows.</p>
{{range .Frames}}<iframe src="{{.}}" title="signing out of an application" hidden="hidden"></iframe>
{{end}}{{with .Back}}<p><a id="continue" href="{{.}}">Continue</a></p>{{end}}</body></html>{{end}}

{{define "form_post"}}<html><head><title>Working...</title></head><body>
<form id="form_post" method="POST" name="hiddenform" action="{{.Action}}">
{{range $name, $values := .Fields}}{{range $values}}<input type="hidden" name="{{$name}}" value="{{.}}"/>
{{end}}{{end}}<noscript><p>Script is disabled. Click Submit to continue.</p><input type="submit" value="Submit"/></noscript>
</form><script>document.forms[0].submit();</script></body></html>{{end}}

{{define "blank"}}<html><head><title></title></head><body></body></html>{{end}}

{{define "error"}}{{template "head" "Sorry, but we’re having trouble signing you in"}}<p id="error" role="alert">{{.Error}}</p></body></html>{{end}}
`))

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
