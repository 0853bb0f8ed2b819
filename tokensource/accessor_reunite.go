package tokensource

import (
	"context"
	"encoding/json"
	"maps"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/cache"
)

// reunite adds to memory what a store has that could not be read until now, and
// reports whether it did. What this process has obtained since counts where
// both have something.
func (a *Accessor) reunite(ctx context.Context, memory mainCache, owed cache.ExportHints) bool {
	theirs := &copied{mainCache: memory}
	if callStore(func() error { return a.Store.Replace(ctx, theirs, cache.ReplaceHints(owed)) }) != nil {
		return false // as was said before
	}
	ours, err := memory.Marshal()
	if err != nil {
		return false
	}
	both, err := laidOver(theirs.all, ours)
	if err != nil || memory.Unmarshal(both) != nil {
		return false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.state = blobBehind
	return true
}

// A copied keeps a copy of what a store would put into memory.
type copied struct {
	mainCache
	all []byte
}

// Unmarshal implements cache.Unmarshaler.
func (c *copied) Unmarshal(all []byte) error {
	var sections map[string]json.RawMessage
	if len(all) > 0 {
		if err := json.Unmarshal(all, &sections); err != nil {
			return err
		}
	}
	c.all = append([]byte(nil), all...)
	return nil
}

// laidOver returns what two caches in their JSON form have, entry by entry: ours
// where both have one. What is no section of entries is theirs.
func laidOver(theirs, ours []byte) ([]byte, error) {
	var both, top map[string]json.RawMessage
	if err := json.Unmarshal(ours, &top); err != nil || len(theirs) == 0 {
		return ours, err
	}
	if err := json.Unmarshal(theirs, &both); err != nil || both == nil {
		return ours, err
	}
	for name, raw := range top {
		var under, over map[string]json.RawMessage
		if json.Unmarshal(raw, &over) != nil {
			continue
		}
		if there, ok := both[name]; ok && json.Unmarshal(there, &under) != nil {
			continue
		}
		if under == nil {
			under = map[string]json.RawMessage{}
		}
		maps.Copy(under, over)
		section, err := json.Marshal(under)
		if err != nil {
			return nil, err
		}
		both[name] = section
	}
	return json.Marshal(both)
}
