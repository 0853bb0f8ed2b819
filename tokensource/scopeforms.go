package tokensource

import (
	"slices"
	"sync/atomic"
)

// maxForms bounds the lists of scopes that are remembered. A program has few.
const maxForms = 64

// A scopeForm is a list of scopes as a program gives it, with what is made of it.
type scopeForm struct {
	given, canonical []string
	key              string // of the canonical list
}

// forms are the lists that were given so far, so that a handler that names its
// scopes on every request has them brought into one form once. Copied on write.
var forms atomic.Pointer[[]scopeForm]

// formOf returns the canonical form of scopes and its key.
func formOf(scopes []string) (canonical []string, key string, err error) {
	known := forms.Load()
	if known != nil {
		for i := range *known {
			if f := &(*known)[i]; slices.Equal(f.given, scopes) {
				return f.canonical, f.key, nil
			}
		}
	}
	if canonical, err = canonicalScopes(scopes); err != nil {
		return nil, "", err
	}
	key = scopeKey(canonical)
	if known == nil {
		known = &[]scopeForm{}
	}
	if len(*known) < maxForms {
		more := append(slices.Clip(*known), scopeForm{slices.Clone(scopes), canonical, key})
		forms.Store(&more) // of two at once one is remembered later
	}
	return canonical, key, nil
}
