package cache

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

// Of what is JSON, members makes the same as encoding/json.
func FuzzMembers(f *testing.F) {
	for _, text := range []string{
		`{}`, ` { "a" : 1 , "b":"x\\\"}," }`, `{"a":{"b":[{},"]"]},"a":null}`, `{"\u0061\"":-1.5e3,"":true}`, "{\"\xff\":\"\xff\"}",
		`[]`, `{"a"}`, `{"a":}`, `{"a":1,}`, `{:1}`, `{"a":1}x`, `{"a":"\`, `{"a":[}`, `{1:2}`, `null`, `"a"`, `{"a":]}`,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := map[string]string{}
		ok := members(text, func(name, value string) { got[name] = value })
		var want map[string]json.RawMessage
		if json.Unmarshal([]byte(text), &want) != nil {
			return
		}
		require.Equal(t, want != nil, ok)
		require.Len(t, got, len(want))
		for name, value := range want {
			require.Equal(t, string(value), got[name])
		}
	})
}

func FuzzMerge(f *testing.F) {
	f.Add([]byte(`{"AccessToken":{"k":{"secret":"s","cached_at":"1"}}}`), []byte(`{"AccessToken":{}}`), []byte(`{"Account":{"a":{}},"x":1}`))
	f.Add([]byte(``), []byte(`{"a":{"b":1}}`), []byte(`{"a":{"b":{}}}`))
	f.Fuzz(func(t *testing.T, base, ours, theirs []byte) {
		var blobs [3]blob
		for i, data := range [][]byte{base, ours, theirs} {
			b, err := parseBlob(data)
			if err != nil || len(data) > 0 && !json.Valid(data) {
				return
			}
			blobs[i] = b
		}
		merged := merge3(blobs[0], blobs[1], blobs[2])
		text, err := merged.marshal()
		if err != nil || !json.Valid(text) {
			t.Fatalf("%s: %v", text, err)
		}
		same, err := merge3(blobs[2], blobs[2], blobs[2]).marshal()
		if err != nil {
			t.Fatal(err)
		}
		if want, _ := blobs[2].marshal(); string(want) != string(same) {
			t.Fatalf("merging nothing changes %s to %s", want, same)
		}
	})
}

func FuzzOpen(f *testing.F) {
	s, err := newSealer(make([]byte, 32))
	require.NoError(f, err)
	sealed := s.seal("name", age{1, 2}, []byte("plain"))
	f.Add(sealed)
	f.Add(sealed[:20])
	f.Fuzz(func(t *testing.T, data []byte) {
		if plain, _, err := s.open("name", data); err == nil && string(plain) != "plain" {
			t.Fatalf("%q was opened", data)
		}
	})
}
