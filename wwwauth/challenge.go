package wwwauth

import (
	"net/http"
	"strings"
)

// A Challenge is one challenge of a WWW-Authenticate header (RFC 9110 section
// 11.3). It has a token68 or parameters or neither, never both.
type Challenge struct {
	// Scheme is the authentication scheme as received, such as "Bearer".
	// Schemes are compared without regard to case.
	Scheme string
	// Token68 is what follows the scheme in challenges such as
	// "Negotiate YII="; "" if there is none.
	Token68 string
	// Params holds the parameters: their names in lower case, their values
	// without quotes and escapes. Parse never leaves it nil.
	Params map[string]string
}

// Parse returns the challenges of the WWW-Authenticate fields of h, in order,
// or nil if there are none. It never fails: elements that cannot be read are
// left out and spoil no others. Of a name that occurs twice in one challenge
// the first value stands; of a challenge with both a token68 and parameters,
// the parameters.
func Parse(h http.Header) []Challenge {
	sc := scan(h["Www-Authenticate"])
	var all []Challenge
	params := make([]parameter, 0, 8) // of the last challenge
	for {
		switch found := sc.next(); found {
		case token68:
			all[len(all)-1].Token68 = sc.value.raw
		case param:
			params = append(params, parameter{sc.name, sc.value})
		default:
			if len(all) > 0 {
				all[len(all)-1].take(params)
			}
			if found == end {
				return all
			}
			if all == nil {
				all = make([]Challenge, 0, 2)
			}
			all = append(all, Challenge{Scheme: sc.name})
			params = params[:0]
		}
	}
}

// A parameter waits until all of its challenge are known, so that their map is
// made once and in the right size.
type parameter struct {
	name  string
	value value
}

func (c *Challenge) take(params []parameter) {
	c.Params = make(map[string]string, len(params))
	if len(params) > 0 {
		c.Token68 = ""
	}
	for i := len(params) - 1; i >= 0; i-- { // from the last to the first, which stands
		c.Params[params[i].name] = params[i].value.text()
	}
}

// text returns the value without escapes.
func (v value) text() string {
	if !v.escaped {
		return v.raw
	}
	var b strings.Builder
	b.Grow(len(v.raw))
	for i := 0; i < len(v.raw); i++ {
		if v.raw[i] == '\\' {
			i++
		}
		b.WriteByte(v.raw[i])
	}
	return b.String()
}
