package entratest

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/msalcae/msalcae/entratest/internal/pages"
)

// respond sends the authorize endpoint's answer to the client in the response
// mode that it asked for (OAuth 2.0 Multiple Response Type Encoding Practices,
// OAuth 2.0 Form Post Response Mode).
func (x *exchange) respond(tx *transaction, answer url.Values) {
	if tx.state != "" {
		answer.Set("state", tx.state)
	}
	switch tx.responseMode {
	case "form_post":
		pages.Write(x, x.r, http.StatusOK, pages.FormPost, map[string]any{"Action": tx.redirectURI, "Fields": answer})
	case "fragment":
		x.redirect(tx.redirectURI + "#" + answer.Encode())
	default:
		x.redirect(withQuery(tx.redirectURI, answer))
	}
}

// withQuery adds to the query of a URI, and leaves the rest as it is spelled.
func withQuery(uri string, more url.Values) string {
	separator := "?"
	if strings.Contains(uri, "?") {
		separator = "&"
	}
	return uri + separator + more.Encode()
}

func (x *exchange) redirect(to string) {
	x.Header().Set("Location", to)
	x.WriteHeader(http.StatusFound)
}

// redirectError sends an error to the client.
func (x *exchange) redirectError(tx *transaction, e *aadError) {
	x.note(e)
	answer := url.Values{
		"error":             {e.code},
		"error_description": {e.describe(x)},
		"error_uri":         {fmt.Sprintf("%s/error?code=%d", tx.origin, e.aadsts)},
	}
	if e.subcode != "" {
		answer.Set("error_subcode", e.subcode)
	}
	x.respond(tx, answer)
}

// errorPage shows an error to the person, because the client cannot be
// trusted with it.
func (x *exchange) errorPage(e *aadError) {
	x.note(e)
	pages.Write(x, x.r, e.httpStatus(), pages.Error, map[string]any{"Error": e.describe(x)})
}
