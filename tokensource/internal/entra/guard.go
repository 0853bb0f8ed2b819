package entra

import (
	"fmt"
	"runtime"

	"github.com/msalcae/msalcae"
)

// InMSAL is Guard's callee for calls of MSAL.
const InMSAL = "MSAL, or a callback or client of yours below it,"

// Guard calls what is not ours and turns a panic into an error: MSAL 1.10.1
// panics on claims that are null, on clients that were not built by New, and
// wherever a callback does.
func Guard[T any](callee string, f func() (T, error)) (result T, err error) {
	defer func() {
		if p := recover(); p != nil {
			what := fmt.Sprintf("%T", p) // a value may hold anything
			if re, ok := p.(runtime.Error); ok {
				what = re.Error()
			}
			err = &msalcae.Error{Err: fmt.Errorf("%s panicked (%s)", callee, what)}
		}
	}()
	return f()
}
