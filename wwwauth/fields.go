package wwwauth

// A reader gives the elements of all WWW-Authenticate fields of a response
// within the limits of this package. It is not used after its end.
type reader struct {
	fields     []string
	left       int // of MaxHeaderBytes
	challenges int
	params     int // of the open challenge
	sc         scanner
}

func read(fields []string) reader {
	return reader{fields: fields, left: MaxHeaderBytes}
}

// next returns the next element, of kind end when there is none.
func (r *reader) next() element {
	for {
		e := r.sc.next()
		switch e.kind {
		case end:
			if !r.field() {
				return e
			}
			continue
		case scheme:
			if r.challenges == MaxChallenges {
				return element{}
			}
			r.challenges++
			r.params = 0
		case param:
			if r.params == MaxParams {
				continue
			}
			r.params++
		}
		return e
	}
}

// field goes to the next field that is within the limits.
func (r *reader) field() bool {
	for len(r.fields) > 0 {
		f := r.fields[0]
		r.fields = r.fields[1:]
		if len(f) > r.left {
			continue
		}
		r.left -= len(f)
		r.sc = scanner{s: blankControls(f), work: r.sc.work + len(f)}
		return true
	}
	return false
}

// blankControls returns s with a blank for every control character but tab.
// RFC 9110 section 5.5 asks that of CR, LF and NUL, and calls the others
// invalid; so a folded line is read as one.
func blankControls(s string) string {
	if !hasControl(s) {
		return s
	}
	b := []byte(s)
	for i, c := range b {
		if isControl(c) {
			b[i] = ' '
		}
	}
	return string(b)
}

func isControl(c byte) bool { return c < ' ' && c != '\t' || c == 0x7f }

func hasControl(s string) bool {
	for i := range len(s) {
		if isControl(s[i]) {
			return true
		}
	}
	return false
}
