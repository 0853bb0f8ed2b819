package cache

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
)

// A blob is MSAL's cache as JSON, the unified schema that MSALs of all
// languages share: sections such as AccessToken and Account, each an object of
// entries by key. What is not an object of objects is kept as it is.
type blob struct {
	sections map[string]map[string]entry
	rest     map[string]json.RawMessage // members that are no sections
}

// An entry is one of MSAL's, in a canonical form: the same for the same
// content. Secrets in it are not looked at.
type entry string

var errNotBlob = errors.New("msalcae: what MSAL keeps is not one JSON object")

// parseBlob reads MSAL's JSON; nothing stands for an empty cache.
func parseBlob(data []byte) (blob, error) {
	b := blob{map[string]map[string]entry{}, map[string]json.RawMessage{}}
	if len(bytes.TrimSpace(data)) == 0 {
		return b, nil
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(data, &members); err != nil || members == nil {
		return b, errNotBlob
	}
	for name, raw := range members {
		if section, ok := parseSection(raw); ok {
			b.sections[name] = section
		} else {
			b.rest[name] = raw
		}
	}
	return b, nil
}

func parseSection(raw json.RawMessage) (map[string]entry, bool) {
	var entries map[string]json.RawMessage
	if json.Unmarshal(raw, &entries) != nil || entries == nil {
		return nil, false
	}
	section := map[string]entry{}
	for key, raw := range entries {
		var fields map[string]any
		dec := json.NewDecoder(bytes.NewReader(raw))
		dec.UseNumber()
		if dec.Decode(&fields) != nil || fields == nil {
			return nil, false
		}
		canonical, err := json.Marshal(fields) // with sorted keys
		if err != nil {
			return nil, false
		}
		section[key] = entry(canonical)
	}
	return section, true
}

func (b blob) marshal() ([]byte, error) {
	members := map[string]any{}
	for name, raw := range b.rest {
		members[name] = raw
	}
	for name, section := range b.sections {
		if len(section) == 0 {
			continue
		}
		entries := make(map[string]json.RawMessage, len(section))
		for key, e := range section {
			entries[key] = json.RawMessage(e)
		}
		members[name] = entries
	}
	return json.Marshal(members)
}

// merge3 applies what changed from base to ours to theirs, entry by entry. What
// either side has removed stays removed, also if the other has changed it: that
// is as if the change had come first. Of two changes the newer one counts, and
// ours if there is no telling.
func merge3(base, ours, theirs blob) blob {
	merged := blob{map[string]map[string]entry{}, maps.Clone(theirs.rest)}
	for name, raw := range ours.rest {
		if !bytes.Equal(base.rest[name], raw) || merged.rest[name] == nil {
			merged.rest[name] = raw
		}
	}
	for _, side := range []blob{ours, theirs} {
		for name := range side.sections {
			if merged.sections[name] == nil {
				merged.sections[name] = mergeSection(base.sections[name], ours.sections[name], theirs.sections[name])
			}
		}
	}
	return merged
}

func mergeSection(base, ours, theirs map[string]entry) map[string]entry {
	merged := map[string]entry{}
	for key, their := range theirs {
		our, have := ours[key]
		was, had := base[key]
		switch {
		case !have && had: // we removed it
		case !have, have && had && our == was:
			merged[key] = their
		case had && their == was:
			merged[key] = our
		default:
			merged[key] = newer(our, their)
		}
	}
	for key, our := range ours {
		_, have := theirs[key]
		if _, had := base[key]; !have && !had { // we added it
			merged[key] = our
		}
	}
	return merged
}

// newer returns the entry that was cached later, ours if neither was.
func newer(our, their entry) entry {
	if timeOf(their, "cached_at") > timeOf(our, "cached_at") {
		return their
	}
	return our
}
