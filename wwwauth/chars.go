package wwwauth

import "strings"

// Classes of characters, in the terms of RFC 9110. All are of ASCII.
const (
	tchar   = 1 << iota // of a token, section 5.6.2
	tchar68             // of a token68 before its "=", section 11.2
	stop                // ends an unquoted value: blank, comma, quote
	upper
)

var class = func() (t [256]uint8) {
	for c := range t {
		switch c := byte(c); {
		case 'A' <= c && c <= 'Z':
			t[c] = tchar | tchar68 | upper
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', strings.IndexByte("-._~+", c) >= 0:
			t[c] = tchar | tchar68
		case c == '/':
			t[c] = tchar68
		case strings.IndexByte("!#$%&'*^`|", c) >= 0:
			t[c] = tchar
		case strings.IndexByte(" \t,\"", c) >= 0:
			t[c] = stop
		}
	}
	return t
}()

// only reports whether s is not empty and all its characters are of class c.
func only(s string, c uint8) bool {
	for i := range len(s) {
		if class[s[i]]&c == 0 {
			return false
		}
	}
	return s != ""
}

// lower returns s with its ASCII letters in lower case. HTTP knows no others,
// and strings.ToLower maps the Kelvin sign to k.
func lower(s string) string {
	for i := range len(s) {
		if class[s[i]]&upper != 0 {
			b := []byte(s)
			for ; i < len(b); i++ {
				b[i] = lowerByte(b[i])
			}
			return string(b)
		}
	}
	return s
}

func lowerByte(c byte) byte {
	if class[c]&upper != 0 {
		c += 'a' - 'A'
	}
	return c
}

// equalFold compares without regard to ASCII case. strings.EqualFold takes
// U+017F for an s.
func equalFold(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		if lowerByte(a[i]) != lowerByte(b[i]) {
			return false
		}
	}
	return true
}

// blankControls returns s with a blank for every control character but tab.
// RFC 9110 section 5.5 asks that of CR, LF and NUL, and calls the others
// invalid. So a folded line is read as one.
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

// hasControl reports whether s holds a control character other than tab. It
// looks at many bytes at a time, for every byte of a header passes here.
func hasControl(s string) bool {
	for ; len(s) >= 32; s = s[32:] {
		marks := markControls(s[:8]) | markControls(s[8:16]) | markControls(s[16:24]) | markControls(s[24:32])
		if marks&0x8080808080808080 != 0 && anyControl(s[:32]) {
			return true
		}
	}
	return anyControl(s)
}

// markControls returns a number in which the high bit of a byte is set if one
// of the first 8 bytes of s is a control character. It is set also for a tab,
// and now and then for other bytes that stand behind a control character or
// 0xff. The other bits mean nothing.
func markControls(s string) uint64 {
	const each = 0x0101010101010101
	x := uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
	// The high bit of a byte below 0x80 is set by taking away ' ' if the byte
	// is less than that, by adding 1 if it is 0x7f.
	return ((x - ' '*each) | (x + each)) &^ x
}

func anyControl(s string) bool {
	for i := range len(s) {
		if isControl(s[i]) {
			return true
		}
	}
	return false
}
