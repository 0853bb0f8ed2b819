package wwwauth

import (
	"cmp"
	"slices"
	"strings"
)

// String returns c as the value of a WWW-Authenticate field, in an order that
// is always the same, with every value of a parameter quoted. [Parse] reads it
// as a challenge equal to c.
//
// Nothing in c can end the field or begin another element in it: control
// characters in values become blanks, and what is not of the form that RFC 9110
// section 11 asks for (a scheme or a name that is no token, a token68 with
// other characters) is left out. The result is "" if Scheme is left out. Of a
// token68 and parameters, the parameters are written. Bytes beyond ASCII stay
// as they are; RFC 6750 section 3 wants none in the parameters of Bearer.
func (c Challenge) String() string {
	if !only(c.Scheme, tchar) {
		return ""
	}
	var b strings.Builder
	b.WriteString(c.Scheme)
	separator := " "
	for _, name := range c.names() {
		b.WriteString(separator)
		b.WriteString(lower(name))
		b.WriteString(`="`)
		writeQuoted(&b, c.Params[name])
		b.WriteByte('"')
		separator = ", "
	}
	if separator == " " && only(strings.TrimRight(c.Token68, "="), tchar68) {
		b.WriteString(separator)
		b.WriteString(c.Token68)
	}
	return b.String()
}

// order is that of Microsoft Graph's challenges; other names come in between.
var order = map[string]int{
	"realm": -3, "authorization_uri": -2, "client_id": -1,
	"error_description": 1, "error": 2, "claims": 3,
}

// names returns the names of the parameters to write, in order. Of names that
// differ in case alone it returns one: that in lower case if there is one.
func (c Challenge) names() []string {
	names := make([]string, 0, len(c.Params))
	for name := range c.Params {
		if only(name, tchar) {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, func(a, b string) int {
		x, y := lower(a), lower(b)
		return cmp.Or(cmp.Compare(order[x], order[y]), cmp.Compare(x, y), cmp.Compare(b, a))
	})
	return slices.CompactFunc(names, equalFold)
}

func writeQuoted(b *strings.Builder, s string) {
	for i := range len(s) {
		c := s[i]
		switch {
		case isControl(c):
			c = ' '
		case c == '"', c == '\\':
			b.WriteByte('\\')
		}
		b.WriteByte(c)
	}
}
