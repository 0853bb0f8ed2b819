package wwwauth

// checkObject returns an error unless s is exactly one JSON object (RFC 8259)
// that nests at most MaxClaimsDepth deep. It makes one pass and keeps nothing;
// encoding/json needs several times as long and lets 10,000 levels pass.
func checkObject(s string) error {
	c := checker{s: s}
	c.space()
	if c.i == len(s) || s[c.i] != '{' || !c.value(0) {
		if c.deep {
			return errDeepClaims
		}
		return errNotObject
	}
	c.space()
	if c.i != len(s) {
		return errNotObject
	}
	return nil
}

// A checker reads JSON text. Its methods go past what they are named after, or
// report false.
type checker struct {
	s    string
	i    int
	deep bool // gave up because of the depth
}

func (c *checker) space() {
	for c.i < len(c.s) {
		switch c.s[c.i] {
		case ' ', '\t', '\n', '\r':
			c.i++
		default:
			return
		}
	}
}

// is goes past b if it comes next.
func (c *checker) is(b byte) bool {
	if c.i < len(c.s) && c.s[c.i] == b {
		c.i++
		return true
	}
	return false
}

func (c *checker) value(depth int) bool {
	if c.i == len(c.s) {
		return false
	}
	switch b := c.s[c.i]; b {
	case '{', '[':
		if depth == MaxClaimsDepth {
			c.deep = true
			return false
		}
		c.i++
		return c.members(b == '{', depth+1)
	case '"':
		return c.string()
	case 't':
		return c.literal("true")
	case 'f':
		return c.literal("false")
	case 'n':
		return c.literal("null")
	}
	return c.number()
}

// members reads the inside of an object or array and its end.
func (c *checker) members(object bool, depth int) bool {
	last := byte(']')
	if object {
		last = '}'
	}
	c.space()
	if c.is(last) {
		return true
	}
	for {
		c.space()
		if object {
			if !c.string() {
				return false
			}
			c.space()
			if !c.is(':') {
				return false
			}
			c.space()
		}
		if !c.value(depth) {
			return false
		}
		c.space()
		if c.is(last) {
			return true
		}
		if !c.is(',') {
			return false
		}
	}
}

func (c *checker) string() bool {
	if !c.is('"') {
		return false
	}
	for c.i < len(c.s) {
		b := c.s[c.i]
		c.i++
		switch {
		case b == '"':
			return true
		case b < ' ':
			return false
		case b == '\\':
			if !c.escape() {
				return false
			}
		}
	}
	return false
}

func (c *checker) escape() bool {
	if c.i == len(c.s) {
		return false
	}
	b := c.s[c.i]
	c.i++
	switch b {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return true
	case 'u':
		for range 4 {
			if c.i == len(c.s) || !isHex(c.s[c.i]) {
				return false
			}
			c.i++
		}
		return true
	}
	return false
}

func isHex(b byte) bool {
	return '0' <= b && b <= '9' || 'a' <= b|0x20 && b|0x20 <= 'f'
}

func (c *checker) literal(word string) bool {
	if len(c.s)-c.i < len(word) || c.s[c.i:c.i+len(word)] != word {
		return false
	}
	c.i += len(word)
	return true
}

func (c *checker) number() bool {
	c.is('-')
	if !c.is('0') && !c.digits() {
		return false
	}
	if c.is('.') && !c.digits() {
		return false
	}
	if c.is('e') || c.is('E') {
		if !c.is('+') {
			c.is('-')
		}
		return c.digits()
	}
	return true
}

func (c *checker) digits() bool {
	start := c.i
	for c.i < len(c.s) && '0' <= c.s[c.i] && c.s[c.i] <= '9' {
		c.i++
	}
	return c.i > start
}
