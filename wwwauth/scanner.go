package wwwauth

import "strings"

// A kind is what a scanner found.
type kind int

const (
	end kind = iota
	scheme
	token68
	param
)

// A value is a parameter's value as it stands in a header, without quotes.
type value struct {
	raw     string
	escaped bool // raw holds quoted-pairs
}

// A scanner reads WWW-Authenticate fields, each by itself, in one pass:
//
//	challenge = scheme [ 1*BLANK ( token68 / params ) ]
//	param     = token BWS "=" BWS ( quoted-string / unquoted )
//	unquoted  = whatever is neither blank, comma nor quote
//
// That is RFC 9110 section 11 but for unquoted values, in which servers send
// URIs, or nothing. Elements are separated by commas, or where servers forget
// them by blanks. A word without "=" begins a challenge if a comma stands before
// it, or if a parameter follows it; elsewhere it is junk. Junk ends at the next
// blank or comma outside quotes.
type scanner struct {
	// What next found.
	name  string // of a scheme as received; of a parameter in lower case
	value value  // of a parameter or a token68

	fields  fields
	s       string // the field that is read
	i       int    // up to here
	escapes bool   // s holds backslashes
	open    bool   // a challenge has begun in s: parameters belong to it
	fresh   bool   // and nothing has followed its scheme yet

	challenges int // so far
	params     int // of the open challenge
	work       int // bytes looked at; those looked at twice count twice
}

func scan(values []string) scanner { return scanner{fields: fields{values: values}} }

// next finds the next element within the limits of the package. It is not
// called again after end.
func (sc *scanner) next() kind {
	for {
		comma := sc.separators()
		if sc.i == len(sc.s) {
			if !sc.nextField() {
				return end
			}
			continue
		}
		fresh := sc.fresh
		sc.fresh = false
		if fresh && !comma && sc.token68() {
			return token68
		}
		start := sc.i
		wordEnd, seen := sc.run(start, tchar)
		after := sc.blanks(wordEnd)
		switch {
		case wordEnd == start:
			sc.junk(comma)
		case after < len(sc.s) && sc.s[after] == '=':
			sc.i = after + 1
			if sc.param() && sc.open && sc.params < MaxParams {
				sc.params++
				if sc.name = sc.s[start:wordEnd]; seen&upper != 0 {
					sc.name = lower(sc.name)
				}
				return param
			}
		case after == wordEnd && after < len(sc.s) && sc.s[after] != ',':
			sc.junk(comma)
		case comma || sc.paramAt(after):
			if sc.challenges == MaxChallenges {
				return end
			}
			sc.challenges++
			sc.params = 0
			sc.open, sc.fresh = true, true
			sc.name = sc.s[start:wordEnd]
			sc.i = after
			return scheme
		default:
			sc.i = after
		}
	}
}

// nextField goes to the next field, if there is one.
func (sc *scanner) nextField() bool {
	s, ok := sc.fields.next()
	sc.s, sc.i = s, 0
	sc.open = false
	sc.escapes = strings.IndexByte(s, '\\') >= 0
	sc.work += len(s)
	return ok
}

// separators skips blanks and commas. It reports whether a comma stands before
// what follows, or nothing does.
func (sc *scanner) separators() bool {
	s, i := sc.s, sc.i
	comma := i == 0
	for uint(i) < uint(len(s)) && (s[i] == ',' || s[i] == ' ' || s[i] == '\t') {
		comma = comma || s[i] == ','
		i++
	}
	sc.work += i - sc.i
	sc.i = i
	return comma
}

// run returns the end of the characters of class c that begin at i, and all
// classes that these characters have.
func (sc *scanner) run(i int, c uint8) (int, uint8) {
	s, start, seen := sc.s, i, uint8(0)
	for uint(i) < uint(len(s)) && class[s[i]]&c != 0 {
		seen |= class[s[i]]
		i++
	}
	sc.work += i - start
	return i, seen
}

// blanks returns the end of the blanks that begin at i.
func (sc *scanner) blanks(i int) int {
	s, start := sc.s, i
	for uint(i) < uint(len(s)) && (s[i] == ' ' || s[i] == '\t') {
		i++
	}
	sc.work += i - start
	return i
}

// token68 reads a token68 if one stands here with a comma or the field's end
// behind it.
func (sc *scanner) token68() bool {
	text, _ := sc.run(sc.i, tchar68)
	if text == sc.i {
		return false
	}
	for text < len(sc.s) && sc.s[text] == '=' {
		text++
		sc.work++
	}
	after := sc.blanks(text)
	if after < len(sc.s) && sc.s[after] != ',' {
		return false
	}
	sc.value = value{raw: sc.s[sc.i:text]}
	sc.i = after
	return true
}

// paramAt reports whether a name and "=" stand at i.
func (sc *scanner) paramAt(i int) bool {
	word, _ := sc.run(i, tchar)
	after := sc.blanks(word)
	return word > i && after < len(sc.s) && sc.s[after] == '='
}

// param reads what follows the "=" of a parameter. It reports false for a
// quoted-string without an end. What stands behind a value without a separator
// is an element of its own, or junk.
func (sc *scanner) param() bool {
	sc.i = sc.blanks(sc.i)
	if sc.i < len(sc.s) && sc.s[sc.i] == '"' {
		return sc.quoted()
	}
	start := sc.i
	for sc.i < len(sc.s) && class[sc.s[sc.i]]&stop == 0 {
		sc.i++
	}
	sc.work += sc.i - start
	sc.value = value{raw: sc.s[start:sc.i]}
	return true
}

// quoted reads a quoted-string. It reports false, with the field used up, if
// its end is missing.
func (sc *scanner) quoted() bool {
	inside := sc.s[sc.i+1:]
	last, escaped := 0, false
	if sc.escapes {
		for last < len(inside) && inside[last] != '"' {
			if inside[last] == '\\' {
				escaped = true
				last++
			}
			last++
		}
	} else if last = strings.IndexByte(inside, '"'); last < 0 {
		last = len(inside)
	}
	if last >= len(inside) {
		sc.work += len(sc.s) - sc.i
		sc.i = len(sc.s)
		return false
	}
	sc.work += last + 2
	sc.i += last + 2
	sc.value = value{inside[:last], escaped}
	return true
}

// junk skips what is no element, up to the next blank or comma outside quotes.
// Junk that stands where a scheme does takes the parameters behind it along:
// they are not those of the challenge before.
func (sc *scanner) junk(comma bool) {
	word := true // as a scheme is
	for sc.i < len(sc.s) {
		switch c := sc.s[sc.i]; c {
		case '"':
			word = false
			sc.quoted()
			continue
		case '=':
			word = false
		case ' ', '\t', ',':
			if comma && word && sc.paramAt(sc.blanks(sc.i)) {
				sc.open = false
			}
			return
		}
		sc.i++
		sc.work++
	}
}
