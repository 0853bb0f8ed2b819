package tokensource

import (
	"reflect"
	"runtime"
	"sync"
	"weak"

	"github.com/msalcae/msalcae/tokensource/internal/engine"
)

// gates has the gate of every Prompt value in use.
var gates = struct {
	mu sync.Mutex
	of map[promptKey]*countedGate
}{of: map[promptKey]*countedGate{}}

type countedGate struct {
	gate  *engine.Gate
	users int
}

// A promptKey tells Prompt values apart without keeping one alive, if it is a
// pointer: it may well lead to the Public that uses it, as a Browser does whose
// Open is a method of the program's.
type promptKey struct {
	kind  reflect.Type
	at    weak.Pointer[byte]
	value Prompt // of another kind; nil: a pointer
}

// keyOf returns the key of prompt, and whether there is one: some values cannot
// be compared.
func keyOf(prompt Prompt) (promptKey, bool) {
	v := reflect.ValueOf(prompt)
	if v.Kind() == reflect.Pointer && !v.IsNil() {
		return promptKey{kind: v.Type(), at: weak.Make((*byte)(v.UnsafePointer()))}, true
	}
	return promptKey{value: prompt}, v.Comparable()
}

// gateOf returns the gate that every Public with this Prompt shares; it is
// forgotten with the last of them. A Prompt that cannot be compared has a gate
// for each Public.
func gateOf(p *Public, prompt Prompt) *engine.Gate {
	key, ok := keyOf(prompt)
	if !ok {
		return engine.NewGate()
	}
	gates.mu.Lock()
	defer gates.mu.Unlock()
	shared := gates.of[key]
	if shared == nil {
		shared = &countedGate{gate: engine.NewGate()}
		gates.of[key] = shared
	}
	shared.users++
	runtime.AddCleanup(p, leaveGate, key)
	return shared.gate
}

func leaveGate(key promptKey) {
	gates.mu.Lock()
	defer gates.mu.Unlock()
	shared := gates.of[key]
	if shared.users--; shared.users == 0 {
		delete(gates.of, key)
	}
}
