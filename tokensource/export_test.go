package tokensource

// Gates returns how many Prompt values have a gate.
func Gates() int {
	gates.mu.Lock()
	defer gates.mu.Unlock()
	return len(gates.of)
}

// Heap returns how many bytes are alive.
func Heap() int64 { return heap() }
