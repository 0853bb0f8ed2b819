package wwwauth

import (
	"cmp"
	"net/http"
	"slices"
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
	// Params holds the parameters, their names in lower case, their values
	// without quotes and escapes. Parse never leaves it nil.
	Params map[string]string // names in lower case
}

// Parse returns the challenges of the WWW-Authenticate fields of h, in order.
// It never fails: elements that cannot be read are left out and spoil no
// others. Of a name that occurs twice in one challenge the first value stands;
// of a challenge with a token68 and parameters, the parameters. The result is
// nil if there are no challenges.
func Parse(h http.Header) []Challenge {
	var all []Challenge
	r := read(h["Www-Authenticate"])
	for {
		e := r.next()
		switch e.kind {
		case end:
			return all
		case scheme:
			if all == nil {
				all = make([]Challenge, 0, 4)
			}
			all = append(all, Challenge{Scheme: e.name, Params: make(map[string]string)})
		case token68:
			all[len(all)-1].Token68 = e.value.raw
		case param:
			c := &all[len(all)-1]
			c.Token68 = ""
			name := lower(e.name)
			if _, twice := c.Params[name]; !twice {
				c.Params[name] = e.value.text()
			}
		}
	}
}

// String returns c as the value of a WWW-Authenticate field, all parameter
// values quoted, in an order that is always the same. It can be used as it is:
// control characters in values become blanks, and what is no token in the
// sense of RFC 9110 section 5.6.2 is left out where one must stand. Without a
// valid Scheme the result is "". [Parse] reads the result as an equal
// Challenge, if nothing had to be left out and the limits of this package
// allow.
func (c Challenge) String() string {
	if !isToken(c.Scheme) {
		return ""
	}
	var b strings.Builder
	b.WriteString(c.Scheme)
	sep := " "
	for _, name := range c.names() {
		b.WriteString(sep)
		b.WriteString(lower(name))
		b.WriteString(`="`)
		quote(&b, c.Params[name])
		b.WriteByte('"')
		sep = ", "
	}
	if sep == " " && isToken68(c.Token68) {
		b.WriteString(" " + c.Token68)
	}
	return b.String()
}

// names returns the names of the parameters that can be written, in the order
// in which Entra's services write them.
func (c Challenge) names() []string {
	names := make([]string, 0, len(c.Params))
	for name := range c.Params {
		if !isToken(name) {
			continue
		}
		if l := lower(name); l != name {
			if _, twice := c.Params[l]; twice {
				continue
			}
		}
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(rank(lower(a)), rank(lower(b))), cmp.Compare(lower(a), lower(b)), cmp.Compare(a, b))
	})
	return slices.CompactFunc(names, equalFold)
}

func rank(name string) int {
	switch name {
	case "realm":
		return 0
	case "authorization_uri":
		return 1
	case "client_id":
		return 2
	case "error_description":
		return 4
	case "error":
		return 5
	case "claims":
		return 6
	}
	return 3
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

func quote(b *strings.Builder, s string) {
	for i := range len(s) {
		switch c := s[i]; {
		case isControl(c):
			b.WriteByte(' ')
		case c == '"', c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		default:
			b.WriteByte(c)
		}
	}
}

func isToken(s string) bool {
	for i := range len(s) {
		if class[s[i]]&tchar == 0 {
			return false
		}
	}
	return s != ""
}

func isToken68(s string) bool {
	s = strings.TrimRight(s, "=")
	for i := range len(s) {
		if class[s[i]]&char68 == 0 {
			return false
		}
	}
	return s != ""
}

// lower returns s in lower case, ASCII only: strings.ToLower knows letters
// that are none in HTTP.
func lower(s string) string {
	for i := range len(s) {
		if class[s[i]]&upper != 0 {
			b := []byte(s)
			for ; i < len(b); i++ {
				if class[b[i]]&upper != 0 {
					b[i] |= 0x20
				}
			}
			return string(b)
		}
	}
	return s
}

// equalFold compares without regard to ASCII case; strings.EqualFold takes
// U+017F for an s.
func equalFold(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		if x, y := a[i], b[i]; x != y && (x|0x20 != y|0x20 || class[x|0x20]&class[y|0x20]&char68 == 0 || x|0x20 < 'a' || x|0x20 > 'z') {
			return false
		}
	}
	return true
}
