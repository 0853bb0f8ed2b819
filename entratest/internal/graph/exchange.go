package graph

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/msalcae/msalcae/entratest/internal/reply"
)

// An Exchange is one request on its way through the API. All fields are set by
// whoever lets it in.
type Exchange struct {
	http.ResponseWriter
	Request         *http.Request
	RequestID       string           // what the server calls the request
	ClientRequestID string           // what its client does
	Now             func() time.Time // the API's clock
	Store           *Store
	Record          *Record

	api *API
}

// A Record is what is to be known of an exchange. It is complete before the
// answer begins.
type Record struct {
	Error      string // Graph's error code, if the answer is an error
	BodyLength int64  // of what arrived
	BodySHA256 string // in lower-case hex; "" unless a body arrived whole
}

// A Person is one of the directory.
type Person struct {
	ID       string // object id
	Name     string // display name
	Username string // user principal name
}

// A Caller is whoever makes a request.
type Caller struct {
	ID      string   // object id
	Person  *Person  // nil: an application
	Subject string   // what the calling application knows the person by, in its ID tokens
	Scopes  []string // that the person has granted it
	AppID   string   // of an application without a person
	AppName string   // of an application without a person

	has *belongings
}

// granted tells whether the caller's token has a scope.
func (c *Caller) granted(scope string) bool {
	return slices.ContainsFunc(c.Scopes, func(s string) bool { return strings.EqualFold(s, scope) })
}

func (x *Exchange) json(status int, body any) { reply.JSON(x, x.Request, status, body) }

// Unwrap is for http.ResponseController.
func (x *Exchange) Unwrap() http.ResponseWriter { return x.ResponseWriter }

// maxText bounds what is kept or repeated of a request's text.
const maxText = 16 << 10

func bounded(s string) string { return s[:min(len(s), maxText)] }
