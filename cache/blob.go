package cache

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// A blob is MSAL's cache as JSON, the unified schema that MSALs of all
// languages share: sections such as AccessToken and Account, each an object of
// entries by key. What is not an object of objects is kept as it is.
type blob struct {
	sections map[string]map[string]entry
	rest     map[string]entry // members that are no sections
}

// An entry is one of MSAL's, as it was written. Two that differ in form alone
// are the same; see same.
type entry string

var errNotBlob = errors.New("msalcae: what MSAL keeps is not one JSON object")

// parseBlob reads MSAL's JSON; nothing stands for an empty cache.
func parseBlob(data []byte) (blob, error) {
	b := blob{map[string]map[string]entry{}, map[string]entry{}}
	text := string(data)
	if strings.TrimSpace(text) == "" {
		return b, nil
	}
	ok := members(text, func(name, raw string) {
		delete(b.sections, name) // of two, the last counts
		delete(b.rest, name)
		if section, ok := parseSection(raw); ok {
			b.sections[name] = section
		} else {
			b.rest[name] = entry(raw)
		}
	})
	if !ok {
		return b, errNotBlob
	}
	return b, nil
}

func parseSection(raw string) (map[string]entry, bool) {
	section, objects := map[string]entry{}, true
	ok := members(raw, func(key, raw string) {
		objects = objects && raw[0] == '{'
		section[key] = entry(raw)
	})
	return section, ok && objects
}

// marshal writes b in one form. An error says that what it was read from was
// not JSON.
func (b blob) marshal() ([]byte, error) {
	out := bytes.NewBuffer(make([]byte, 0, b.size()))
	out.WriteByte('{')
	for _, name := range slices.Sorted(maps.Keys(b.rest)) {
		writeMember(out, name, b.rest[name])
	}
	for _, name := range slices.Sorted(maps.Keys(b.sections)) {
		section := b.sections[name]
		if len(section) == 0 {
			continue
		}
		writeMember(out, name, "{")
		for _, key := range slices.Sorted(maps.Keys(section)) {
			writeMember(out, key, section[key])
		}
		out.WriteByte('}')
	}
	out.WriteByte('}')
	if !json.Valid(out.Bytes()) {
		return nil, errNotBlob
	}
	return out.Bytes(), nil
}

func (b blob) size() int {
	size := 2
	for name, e := range b.rest {
		size += len(name) + len(e) + 4
	}
	for name, section := range b.sections {
		size += len(name) + 6
		for key, e := range section {
			size += len(key) + len(e) + 4
		}
	}
	return size
}

// writeMember writes a member of an object that was begun.
func writeMember(out *bytes.Buffer, name string, value entry) {
	if c := out.Bytes()[out.Len()-1]; c != '{' {
		out.WriteByte(',')
	}
	quoted, _ := json.Marshal(name) // a string is always JSON
	out.Write(quoted)
	out.WriteByte(':')
	out.WriteString(string(value))
}

// clone returns a copy whose sections may be changed.
func (b blob) clone() blob {
	c := blob{make(map[string]map[string]entry, len(b.sections)), b.rest}
	for name, section := range b.sections {
		c.sections[name] = maps.Clone(section)
	}
	return c
}

// empty reports whether there is nobody's and nothing's token in b.
func (b blob) empty() bool {
	for name, section := range b.sections {
		if name != "AppMetadata" && len(section) > 0 {
			return false
		}
	}
	return true
}

// same reports whether two entries have the same content: MSAL writes what it
// does not know in any order.
func (e entry) same(other entry) bool {
	return e == other || e.canonical() == other.canonical()
}

func (e entry) canonical() entry {
	var content any
	dec := json.NewDecoder(strings.NewReader(string(e)))
	dec.UseNumber()
	if dec.Decode(&content) != nil {
		return e
	}
	canonical, err := json.Marshal(content) // with sorted keys
	if err != nil {
		return e
	}
	return entry(canonical)
}

// field returns the text of a string, or a number as it stands; "" if there is
// neither.
func (e entry) field(name string) (text string) {
	members(string(e), func(n, raw string) {
		if n != name {
			return
		}
		if t, ok := unquote(raw); ok {
			text = t
		} else {
			text = raw
		}
	})
	return text
}

// time returns a time of an entry in Unix seconds, of which MSAL makes strings
// and others numbers; 0 if it has none.
func (e entry) time(field string) int64 {
	text := e.field(field)
	if seconds, err := strconv.ParseInt(text, 10, 64); err == nil {
		return seconds
	}
	seconds, _ := strconv.ParseFloat(text, 64)
	return int64(seconds)
}
