package wwwauth

import "strings"

// Classes of characters, in the terms of RFC 9110.
const (
	tchar  = 1 << iota // of a token, section 5.6.2
	char68             // of a token68 before its "=", section 11.2
	stop               // ends an unquoted value: blank, comma, quote
	upper
)

var class = func() (t [256]uint8) {
	for c := range t {
		switch c := byte(c); {
		case 'A' <= c && c <= 'Z':
			t[c] = tchar | char68 | upper
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '-', c == '.', c == '_', c == '~':
			t[c] = tchar | char68
		case c == '+':
			t[c] = tchar | char68
		case c == '/':
			t[c] = char68
		case strings.IndexByte("!#$%&'*^`|", c) >= 0:
			t[c] = tchar
		case c == ' ', c == '\t', c == ',', c == '"':
			t[c] = stop
		}
	}
	return t
}()

// Kinds of elements.
const (
	end = iota
	scheme
	token68
	param
)

// An element is what a scanner finds.
type element struct {
	kind  int
	name  string // of a scheme or a parameter, as received
	value value  // of a parameter or a token68
}

// A value is a parameter's value as it stands in the header, without quotes.
type value struct {
	raw     string
	escaped bool // raw holds quoted-pairs
}

// A scanner reads the challenges of one field:
//
//	challenge  = scheme [ 1*BLANK ( token68 / params ) ]
//	param      = token BWS "=" BWS ( quoted-string / unquoted )
//	unquoted   = run of anything but blanks, commas and quotes
//
// Elements are separated by commas, or where servers forget them by blanks. A
// word without "=" begins a challenge if a comma stands before it or a
// parameter follows it; elsewhere it is junk. Junk ends at the next blank or
// comma outside quotes.
type scanner struct {
	s    string
	i    int
	open bool // a challenge has begun: parameters belong to it
	new  bool // nothing but blanks since its scheme: a token68 may follow
	work int  // bytes looked at, those looked at twice counted twice
}

// next returns the next element.
func (sc *scanner) next() element {
	for {
		comma := sc.separators()
		if sc.i == len(sc.s) {
			return element{}
		}
		if sc.new && !comma {
			sc.new = false
			if text := sc.token68(); text != "" {
				return element{kind: token68, value: value{raw: text}}
			}
		}
		start := sc.i
		word := sc.s[start:sc.run(start, tchar)]
		after := sc.blanks(start + len(word))
		switch {
		case word == "":
			sc.junk(comma)
		case after < len(sc.s) && sc.s[after] == '=':
			sc.i = after + 1
			if v, ok := sc.value(); ok && sc.open {
				return element{kind: param, name: word, value: v}
			}
		case after == start+len(word) && after < len(sc.s) && sc.s[after] != ',':
			sc.junk(comma)
		case comma || sc.paramAt(after):
			sc.i = after
			sc.open, sc.new = true, true
			return element{kind: scheme, name: word}
		default:
			sc.i = after
		}
	}
}

// separators skips blanks and commas and reports whether the element that
// follows is the first of the field or follows a comma.
func (sc *scanner) separators() bool {
	comma := sc.i == 0
	start := sc.i
	for sc.i < len(sc.s) {
		switch sc.s[sc.i] {
		case ',':
			comma = true
		case ' ', '\t':
		default:
			sc.work += sc.i - start
			return comma
		}
		sc.i++
	}
	sc.work += sc.i - start
	return comma
}

// run returns the end of the characters of class c from i on.
func (sc *scanner) run(i int, c uint8) int {
	start := i
	for i < len(sc.s) && class[sc.s[i]]&c != 0 {
		i++
	}
	sc.work += i - start
	return i
}

// blanks returns the end of the blanks from i on.
func (sc *scanner) blanks(i int) int {
	start := i
	for i < len(sc.s) && (sc.s[i] == ' ' || sc.s[i] == '\t') {
		i++
	}
	sc.work += i - start
	return i
}

// token68 reads a token68 that a comma or the field's end follows, or nothing.
func (sc *scanner) token68() string {
	j := sc.run(sc.i, char68)
	if j == sc.i {
		return ""
	}
	start := j
	for j < len(sc.s) && sc.s[j] == '=' {
		j++
	}
	sc.work += j - start
	after := sc.blanks(j)
	if after < len(sc.s) && sc.s[after] != ',' {
		return ""
	}
	text := sc.s[sc.i:j]
	sc.i = after
	return text
}

// paramAt reports whether a name and "=" stand at i.
func (sc *scanner) paramAt(i int) bool {
	j := sc.run(i, tchar)
	if j == i {
		return false
	}
	j = sc.blanks(j)
	return j < len(sc.s) && sc.s[j] == '='
}

// value reads what follows the "=" of a parameter. Of a value with junk
// behind it, the value stands. It reports false if there is no value, or a
// quote that is never closed.
func (sc *scanner) value() (value, bool) {
	sc.i = sc.blanks(sc.i)
	if sc.i == len(sc.s) || sc.s[sc.i] == ',' {
		return value{}, false
	}
	var v value
	if sc.s[sc.i] == '"' {
		var ok bool
		if v, ok = sc.quoted(); !ok {
			return value{}, false
		}
	} else {
		start := sc.i
		for sc.i < len(sc.s) && class[sc.s[sc.i]]&stop == 0 {
			sc.i++
		}
		sc.work += sc.i - start
		v.raw = sc.s[start:sc.i]
	}
	if sc.i < len(sc.s) {
		if c := sc.s[sc.i]; c != ',' && c != ' ' && c != '\t' {
			sc.junk(false)
		}
	}
	return v, true
}

// quoted reads a quoted-string. It reports false, with the field used up, if
// its end is missing.
func (sc *scanner) quoted() (value, bool) {
	start := sc.i + 1
	n := strings.IndexByte(sc.s[start:], '"')
	if n < 0 {
		sc.work += len(sc.s) - sc.i
		sc.i = len(sc.s)
		return value{}, false
	}
	sc.work += 2 * n
	first := strings.IndexByte(sc.s[start:start+n], '\\')
	if first < 0 {
		sc.i = start + n + 1
		return value{raw: sc.s[start : start+n]}, true
	}
	j := start + first
	for j < len(sc.s) && sc.s[j] != '"' {
		if sc.s[j] == '\\' {
			j++
		}
		j++
	}
	sc.work += j - start - first
	if j >= len(sc.s) {
		sc.i = len(sc.s)
		return value{}, false
	}
	sc.i = j + 1
	return value{raw: sc.s[start:j], escaped: true}, true
}

// junk skips what is not an element, up to the next blank or comma outside
// quotes. Where it stands in the place of a scheme, the parameters that follow
// it are nobody's.
func (sc *scanner) junk(comma bool) {
	sc.new = false
	word := true
	start := sc.i
	for sc.i < len(sc.s) {
		switch c := sc.s[sc.i]; c {
		case '"':
			word = false
			sc.work += sc.i - start
			sc.quoted()
			start = sc.i
			continue
		case '=':
			word = false
		case ' ', '\t', ',':
			sc.work += sc.i - start
			if comma && word && c != ',' && sc.paramAt(sc.blanks(sc.i)) {
				sc.open = false
			}
			return
		}
		sc.i++
	}
	sc.work += sc.i - start
}
