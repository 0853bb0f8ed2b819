package engine

// room is about the stack that one of MSAL's calls takes, in bytes.
const room = 18 << 10

// makeRoom grows the goroutine's stack at once while there is little on it. It
// would be doubled four times otherwise, deep in MSAL's decoding of JSON, and each
// time all of MSAL's frames moved: a tenth of what an answered challenge takes. It
// must not be inlined, or what it occupies stays occupied.
//
//go:noinline
func makeRoom() {
	var stack [room]byte
	occupy(&stack)
}

// occupy keeps the compiler from leaving the stack out.
//
//go:noinline
func occupy(*[room]byte) {}
