package wwwauth

// fields gives the fields of a response that MaxHeaderBytes allows.
type fields struct {
	values []string
	read   int // bytes given
}

// next returns the next field, without control characters.
func (f *fields) next() (string, bool) {
	for len(f.values) > 0 {
		s := f.values[0]
		f.values = f.values[1:]
		if len(s) <= MaxHeaderBytes-f.read {
			f.read += len(s)
			return blankControls(s), true
		}
	}
	return "", false
}
