package tokensource

import (
	"slices"

	"github.com/msalcae/msalcae/tokensource/internal/registry"
)

// maxForms bounds the lists of scopes that are remembered. A program has few,
// unless they come from its users.
const maxForms = 1 << 10

// A scopeForm is a list of scopes as a program gives it, with what is made of it.
type scopeForm struct {
	given, canonical []string
	key              string // of the canonical list
}

// forms are the lists that were given lately, by their hash, so that a handler
// that names its scopes on every request has them brought into one form once.
var forms = registry.New[uint64, *scopeForm](maxForms, func(hash uint64) uint64 { return hash })

// formOf returns what is made of scopes.
func formOf(scopes []string) (*scopeForm, error) {
	hash := uint64(len(scopes))
	for _, s := range scopes {
		hash = hash*31 + registry.HashString(s)
	}
	if f, ok := forms.Find(hash); ok && slices.Equal(f.given, scopes) {
		return f, nil
	}
	canonical, err := canonicalScopes(scopes)
	if err != nil {
		return nil, err
	}
	f := &scopeForm{slices.Clone(scopes), canonical, scopeKey(canonical)}
	forms.FindOr(hash, func() *scopeForm { return f }) // another list of the same hash keeps its place
	return f, nil
}
