package wwwauth

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

var jsonTexts = []string{
	"", " ", "{}", " {\t}\r\n", "[]", "null", "true", "1", `"x"`, "{}{}", "{},", "{}]", "{", "}", "{]", "[}",
	`{"a":1}`, `{"a":-0}`, `{"a":-}`, `{"a":01}`, `{"a":1.}`, `{"a":.5}`, `{"a":1.50e+10}`, `{"a":1e}`, `{"a":1E-}`, `{"a":+1}`,
	`{"a":0x1}`, `{"a":1e5,"b":[1,2,{"c":null}]}`, `{"a":[1,]}`, `{"a":[,1]}`, `{"a":1,}`, `{,"a":1}`, `{"a" 1}`, `{"a":}`, `{a:1}`, `{"a":b}`,
	`{"a":tru}`, `{"a":true}`, `{"a":truex}`, `{"a":false}`, `{"a":nul`, `{"a":NaN}`, `{'a':1}`, `{"a":"`, `{"a":"\`, `{"a":"\u`, `{"a":"\u12`,
	`{"a":"\u00e4\ud800\/\b\f\n\r\t\"\\"}`, `{"a":"\x"}`, `{"a":"\u12g4"}`, "{\"a\":\"\x00\"}", "{\"a\":\"\n\"}", "{\"a\":\"\x7f\xc3\xa4\"}",
	`{"a":{"b":[[[{}]]]}}`, `{"a"}`, `{"a":1 "b":2}`, `{"a":1 /* */}`, "{1:2}", `{null:1}`, "\ufeff{}", "\v{}", `{"":""}`, `{"a":[]}`, `{"a":[ ]}`,
}

// checkObject must agree with encoding/json on everything but what it refuses
// on purpose.
func assertCheckObject(t *testing.T, s string) {
	t.Helper()
	object := strings.HasPrefix(strings.TrimLeft(s, " \t\r\n"), "{")
	switch err := checkObject(s); err {
	case nil:
		assert.True(t, json.Valid([]byte(s)) && object, "accepted %q", s)
	case errDeepClaims:
		assert.Greater(t, strings.Count(s, "{")+strings.Count(s, "["), MaxClaimsDepth, "%q", s)
	case errNotObject:
		assert.False(t, json.Valid([]byte(s)) && object, "refused %q", s)
	default:
		assert.NoError(t, err)
	}
}

func TestCheckObject(t *testing.T) {
	for _, s := range jsonTexts {
		assertCheckObject(t, s)
		for i := range s { // every prefix, and the rest
			assertCheckObject(t, s[:i])
			assertCheckObject(t, `{"a":`+s[i:]+`}`)
		}
	}
}

func FuzzCheckObject(f *testing.F) {
	for _, s := range jsonTexts {
		f.Add(s)
	}
	f.Fuzz(assertCheckObject)
}
