package cache

import (
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// A token's text is looked at on every read of the cache: package encoding/json
// would go through it a dozen times, once for each level of what it is in.

// members calls each with the members of the JSON object in text, in order: the
// name, and the value as it stands. It returns false if text is not one object.
//
// It looks for where values end, and not into them: what is valid JSON is taken
// apart as encoding/json does, and of what is not, something may be accepted.
func members(text string, each func(name, value string)) bool {
	i := space(text, 0)
	if !at(text, i, '{') {
		return false
	}
	if i = space(text, i+1); at(text, i, '}') {
		return space(text, i+1) == len(text)
	}
	for {
		end := value(text, i)
		if !at(text, i, '"') || end < 0 {
			return false
		}
		name, ok := unquote(text[i:end])
		if i = space(text, end); !ok || !at(text, i, ':') {
			return false
		}
		i = space(text, i+1)
		if end = value(text, i); end < 0 {
			return false
		}
		each(name, text[i:end])
		switch i = space(text, end); {
		case at(text, i, '}'):
			return space(text, i+1) == len(text)
		case !at(text, i, ','):
			return false
		}
		i = space(text, i+1)
	}
}

func at(text string, i int, c byte) bool { return i < len(text) && text[i] == c }

// space returns where the white space that begins at i ends.
func space(text string, i int) int {
	for i < len(text) && (text[i] == ' ' || text[i] == '\t' || text[i] == '\n' || text[i] == '\r') {
		i++
	}
	return i
}

// value returns where the value that begins at i ends; -1 if none does.
func value(text string, i int) int {
	begin, depth := i, 0
	for i < len(text) {
		switch text[i] {
		case '"':
			if i = quoted(text, i+1); i < 0 {
				return -1
			}
			if depth == 0 {
				return i
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return ended(begin, i)
			}
			if depth--; depth == 0 {
				return i + 1
			}
		case ',', ':', ' ', '\t', '\n', '\r':
			if depth == 0 {
				return ended(begin, i)
			}
		}
		i++
	}
	if depth > 0 {
		return -1
	}
	return ended(begin, i)
}

// ended is the end of a number or a word, which has at least one character.
func ended(begin, end int) int {
	if begin == end {
		return -1
	}
	return end
}

// quoted returns where the string that has begun before i ends; -1 if nowhere.
func quoted(text string, i int) int {
	for {
		n := strings.IndexByte(text[i:], '"')
		if n < 0 {
			return -1
		}
		end, escapes := i+n, 0
		for text[end-1-escapes] == '\\' { // at the latest, the opening quote is none
			escapes++
		}
		if i = end + 1; escapes%2 == 0 {
			return i
		}
	}
}

// unquote returns the text of a JSON string.
func unquote(raw string) (text string, ok bool) {
	if len(raw) < 2 || raw[0] != '"' {
		return "", false
	}
	if text = raw[1 : len(raw)-1]; !strings.Contains(text, `\`) && utf8.ValidString(text) {
		return text, true
	}
	err := json.Unmarshal([]byte(raw), &text)
	return text, err == nil
}
