package tokensource

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"sync"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/cache"
)

// refusals are access tokens that must leave MSAL's memory before MSAL looks
// for one there. To find them MSAL has to write all that it has out as JSON,
// which takes a tenth of a second for a thousand accounts; and most are gone by
// then: the new token took their place.
type refusals struct {
	mu sync.Mutex
	// A pointer, behind which no verb prints the tokens of an Accessor.
	tokens *map[string]bool
}

// maxRefusals bounds the tokens that wait to leave.
const maxRefusals = 32

// add notes a token, "" for none, and reports whether there are too many.
func (r *refusals) add(token string) (crowded bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.tokens == nil {
		r.tokens = &map[string]bool{}
	}
	if token != "" {
		(*r.tokens)[token] = true
	}
	return len(*r.tokens) > maxRefusals
}

func (r *refusals) any() bool { return len(r.all()) > 0 }

func (r *refusals) all() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.tokens == nil {
		return nil
	}
	return slices.Collect(maps.Keys(*r.tokens))
}

func (r *refusals) remove(tokens []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, token := range tokens {
		delete(*r.tokens, token)
	}
}

// tidy removes what was refused from memory, which has no store. Who comes
// while somebody else does waits: it would read what is still there.
func (a *Accessor) tidy(memory mainCache) {
	if !a.refused.any() {
		return
	}
	a.use.Lock()
	defer a.use.Unlock()
	tokens := a.refused.all()
	evict(memory, tokens)
	a.refused.remove(tokens)
}

// evict removes access tokens from memory, and reports whether there were any.
func evict(memory cache.Serializer, tokens []string) bool {
	if len(tokens) == 0 {
		return false
	}
	all, err := memory.Marshal()
	if err != nil {
		return false
	}
	left, found := withoutTokens(all, tokens)
	return found && memory.Unmarshal(left) == nil
}

// A sieve is memory, which tokens do not get into.
type sieve struct {
	mainCache
	tokens []string
	full   bool // all that is in memory went through the sieve
	found  bool // the tokens that were refused
}

// Unmarshal implements cache.Unmarshaler.
func (s *sieve) Unmarshal(all []byte) error {
	left, found := withoutTokens(all, s.tokens)
	err := s.mainCache.Unmarshal(left)
	if err == nil {
		s.full, s.found = true, found
	}
	return err
}

// withoutTokens removes the access tokens with these values from MSAL's cache in
// its JSON form, the one that all MSAL libraries share, and touches nothing else.
func withoutTokens(all []byte, tokens []string) (left []byte, found bool) {
	if !slices.ContainsFunc(tokens, func(token string) bool { return mayContain(all, token) }) {
		return all, false
	}
	var sections, entries map[string]json.RawMessage
	if json.Unmarshal(all, &sections) != nil || json.Unmarshal(sections["AccessToken"], &entries) != nil {
		return all, false
	}
	for key, raw := range entries {
		var entry struct {
			Secret string `json:"secret"`
		}
		if json.Unmarshal(raw, &entry) == nil && slices.Contains(tokens, entry.Secret) {
			delete(entries, key)
			found = true
		}
	}
	if !found {
		return all, false
	}
	section, err := json.Marshal(entries)
	if err != nil {
		return all, false
	}
	sections["AccessToken"] = section
	if left, err = json.Marshal(sections); err != nil {
		return all, false
	}
	return left, true
}

// mayContain reports whether a JSON text can have the token as a string, by the
// end of it, in which tokens differ.
func mayContain(all []byte, token string) bool {
	end := token[max(0, len(token)-48):]
	for _, c := range []byte(end) {
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '.' || c == '_' || c == '~' || c == '=') {
			return true // it may be written in several ways
		}
	}
	return bytes.Contains(all, []byte(end+`"`))
}
