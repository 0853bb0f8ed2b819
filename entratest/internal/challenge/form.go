// Package challenge puts refusals of tokens into words, as Graph and other
// services were seen to: the WWW-Authenticate header, the claims in it, and the
// body. It knows nothing of why a token is refused but what it has to say.
package challenge

import (
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"slices"
)

// A Refusal is what an API has to say to a client whose token it does not
// take.
type Refusal struct {
	Login   string // origin of the authority
	Tenant  string // its id
	Domain  string // of the tenant
	Path    string // that was asked for
	Claims  string // "": there is no claims challenge
	Code    string // why there is one, in Graph's words; "" for a step-up
	Message string
}

// standard is the claims in the base64 that the documentation demands.
func (r Refusal) standard() string { return base64.StdEncoding.EncodeToString([]byte(r.Claims)) }

func (r Refusal) authorize() string { return r.Login + "/common/oauth2/authorize" }

// insufficient is how most forms end: with the claims challenge, if there is
// one.
func (r Refusal) insufficient(begin string) string {
	if r.Claims == "" {
		return begin
	}
	return fmt.Sprintf(`%s, error="insufficient_claims", claims="%s"`, begin, r.standard())
}

// A Form makes an answer of a refusal.
type Form struct {
	status int                                // 0: 401
	header func(Refusal) []string             // WWW-Authenticate
	claims func(d Demand, now int64) string   // nil: Graph's
	body   func(Refusal) Body                 // nil: Graph's
	more   func(Refusal) (name, value string) // another header
	bad    bool                               // of claims challenges only: any other refusal is Graph's
}

// Claims are those of a challenge for d, at a time in seconds since 1970.
func (f Form) Claims(d Demand, now int64) string {
	if f.claims == nil {
		return graphClaims(d, now)
	}
	return f.claims(d, now)
}

// Write sets the headers of a refusal and returns the status that belongs to it.
func (f Form) Write(h http.Header, r Refusal) (status int) {
	if f.bad && r.Claims == "" {
		f = forms[graph]
	}
	for _, value := range f.header(r) {
		h.Add("WWW-Authenticate", value)
	}
	if f.more != nil {
		h.Set(f.more(r))
	}
	if f.status != 0 && r.Claims != "" {
		return f.status
	}
	return http.StatusUnauthorized
}

// Body is that of a refusal; false: it is Graph's error object.
func (f Form) Body(r Refusal) (Body, bool) {
	if f.body == nil {
		return Body{}, false
	}
	return f.body(r), true
}

// one makes a header function of one value.
func one(value func(Refusal) string) func(Refusal) []string {
	return func(r Refusal) []string { return []string{value(r)} }
}

// graph is the form of who chooses none.
const graph = "graph"

// Applications as challenges name them.
const (
	GraphAppID      = "00000003-0000-0000-c000-000000000000"
	sharePointAppID = "00000003-0000-0ff1-ce00-000000000000"
	exchangeAppID   = "00000002-0000-0ff1-ce00-000000000000"
	anyIssuer       = "00000001-0000-0000-c000-000000000000@*"
)

// forms are the well-formed ones, by name.
var forms = map[string]Form{
	graph:           {header: one(graphHeader)},
	"forbidden-403": {header: one(graphHeader), status: 403},
	"graph-2022":    {header: one(graph2022Header)},
	"graph-2025":    {header: one(func(r Refusal) string { return graph2025Header(r) + ", " + popHeader(r) })},
	"pop-bearer":    {header: one(func(r Refusal) string { return popHeader(r) + ", " + graph2025Header(r) })},
	"two-headers":   {header: func(r Refusal) []string { return []string{popHeader(r), graphHeader(r)} }},
	"generic":       {header: one(genericHeader)},
	"auth-context":  {header: one(authContextHeader)},
	"arm":           {header: one(armHeader), claims: armClaims, body: armBody},
	"arm-2020":      {header: one(arm2020Header), body: armBody},
	"sharepoint":    {header: one(sharePointHeader), claims: plainClaims},
	"exchange":      {header: one(exchangeHeader), body: emptyBody, more: exchangeDiagnostics},
	"keyvault":      {header: one(keyVaultHeader), claims: caeErrorClaims, body: armBody},
	"storage":       {header: one(storageHeader), claims: caeErrorClaims, body: storageBody},
	"dataverse":     {header: one(dataverseHeader), claims: addressClaims, body: emptyBody},
	"devops":        {header: one(devOpsHeader), claims: onlyAddressClaims, body: emptyBody},
	"unpadded":      {header: one(encoded(base64.RawStdEncoding)), claims: unpaddedClaims},
	"base64url":     {header: one(encoded(base64.URLEncoding)), claims: urlAlphabetClaims},
	"lower-case":    {header: one(lowerCaseHeader)},
	"spaced":        {header: one(spacedHeader)},
	"unquoted":      {header: one(unquotedHeader)},
}

// Of returns a form by its name, well-formed or not; "" is Graph's.
func Of(name string) (Form, bool) {
	if name == "" {
		name = graph
	}
	if known, ok := forms[name]; ok {
		return known, true
	}
	header, ok := malformed[name]
	return Form{header: one(header), bad: true}, ok
}

// WellFormed returns the names of all well-formed forms, sorted.
func WellFormed() []string { return slices.Sorted(maps.Keys(forms)) }

// Malformed returns the names of all malformed forms, sorted.
func Malformed() []string { return slices.Sorted(maps.Keys(malformed)) }
