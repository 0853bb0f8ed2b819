package tokensource

// GateUsers returns a function that tells how many clients share the gate of
// prompt, which it does not keep alive.
func GateUsers(prompt Prompt) func() int {
	key, _ := keyOf(prompt)
	return func() int {
		gates.mu.Lock()
		defer gates.mu.Unlock()
		if shared := gates.of[key]; shared != nil {
			return shared.users
		}
		return 0
	}
}

// Heap returns how many bytes are alive.
func Heap() int64 { return heapInUse() }
