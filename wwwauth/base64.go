package wwwauth

// sextet gives the value of a base64 digit of either alphabet (RFC 4648
// sections 4 and 5), or what else may stand between digits.
var sextet = func() (t [256]uint8) {
	for c := range t {
		t[c] = invalid
	}
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	for v := range len(digits) {
		t[digits[v]] = uint8(v)
	}
	t['+'], t['-'] = 62, 62
	t['/'], t['_'] = 63, 63
	t[' '], t['\t'] = skipped, skipped
	t['='] = padding
	return t
}()

const (
	skipped = 0x80 + iota
	padding
	invalid
)

// decodeBase64 decodes base64 of either alphabet, with padding, with less than
// there should be or none, and with blanks in it. encoding/base64 insists on
// one alphabet and on all of the padding or none.
func decodeBase64(s string) (string, error) {
	var buf [512]byte
	out := buf[:0]
	var bits uint32
	var n, pad int // digits, padding
	for i := 0; i < len(s); i++ {
		v := sextet[s[i]]
		if v >= skipped {
			switch v {
			case skipped:
				continue
			case padding:
				pad++
				continue
			}
			return "", errNotBase64
		}
		if pad > 0 {
			return "", errNotBase64
		}
		bits = bits<<6 | uint32(v)
		if n++; n%4 == 0 {
			if len(out) > MaxClaimsBytes {
				return "", errLongClaims
			}
			out = append(out, byte(bits>>16), byte(bits>>8), byte(bits))
		}
	}
	rest := n % 4
	if rest == 1 || pad > (4-rest)%4 {
		return "", errNotBase64
	}
	switch rest {
	case 2:
		out = append(out, byte(bits>>4))
	case 3:
		out = append(out, byte(bits>>10), byte(bits>>2))
	}
	return string(out), nil
}
