package engine

import (
	"encoding/json"
	"io"
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/msalcae/msalcae/wwwauth"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// FuzzDemand reads claims beside encoding/json, which is asked token by token.
func FuzzDemand(f *testing.F) {
	for _, seed := range []string{
		nbf(0), acrs("c1"), `{}`, `{"access_token":{}}`, `{"access_token":[]}`, `{"access_token":null}`, `[]`, `"x"`, ` { } `, `{"a":1}{}`,
		`{"access_token":{"nbf":{"essential":true, "value":"1604106651"}}}`,
		`{"id_token":{"acr":{"values":["a","b"]}},"access_token":{"xms_cc":{"values":["cp1"]},"acrs":{"value":"c1"}}}`,
		`{"access_token":{"a":1,"\u0061":2}}`, `{"access_token":{"a":{"b":[{"c":1,"c":1}]}}}`, `{"access_token":{"\"\\":"\"\\"}}`,
		`{"access_token":{"n":9007199254740992,"m":9007199254740993}}`, `{"access_token":{"f":-1.5e3,"g":1.10,"h":-0}}`,
		strings.Repeat(`{"a":`, 20) + `1` + strings.Repeat(`}`, 20), `{"access_token":{"` + "\xff" + `":1}}`, `{"access_token":{"\ud800":1,"\udfff":2}}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, claims string) {
		want, ok := reference(claims)
		d, err := ParseDemand(claims)
		if !ok {
			require.ErrorIs(t, err, wwwauth.ErrMalformedClaims)
			return
		}
		require.NoError(t, err)
		require.Len(t, d, len(want))
		for name, v := range want {
			require.Contains(t, d, name)
			assert.JSONEq(t, encode(v), d[name].text)
			if !noise(name) {
				assert.Equal(t, encode(canonicalClaim(v)), d[name].meaning)
			}
		}
		if d.size() > maxDemandBytes {
			return
		}
		again, err := ParseDemand(d.Claims())
		require.NoError(t, err)
		assert.Equal(t, d, again)
	})
}

// reference returns the members that claims ask of the access token, by name,
// and whether they can be passed on.
func reference(claims string) (map[string]any, bool) {
	if len(claims) > maxDemandBytes || !utf8.ValidString(claims) {
		return nil, false
	}
	dec := json.NewDecoder(strings.NewReader(claims))
	dec.UseNumber()
	v, ok := referenceValue(dec, 0)
	if _, err := dec.Token(); !ok || err != io.EOF {
		return nil, false
	}
	top, ok := v.(map[string]any)
	member, present := top["access_token"]
	if !ok || !present {
		return map[string]any{}, ok
	}
	members, ok := member.(map[string]any)
	delete(members, "xms_cc")
	return members, ok
}

func referenceValue(dec *json.Decoder, depth int) (any, bool) {
	t, err := dec.Token()
	if err != nil || depth > maxDemandDepth {
		return nil, false
	}
	switch t {
	case json.Delim('['):
		list := []any{}
		for dec.More() {
			v, ok := referenceValue(dec, depth+1)
			if !ok {
				return nil, false
			}
			list = append(list, v)
		}
		_, err = dec.Token()
		return list, err == nil
	case json.Delim('{'):
		object := map[string]any{}
		for dec.More() {
			name, err := dec.Token()
			if err != nil {
				return nil, false
			}
			_, twice := object[name.(string)]
			v, ok := referenceValue(dec, depth+1)
			if twice || !ok {
				return nil, false
			}
			object[name.(string)] = v
		}
		_, err = dec.Token()
		return object, err == nil
	}
	n, ok := t.(json.Number)
	return t, !ok || keptByMSAL(n)
}

// keptByMSAL reports whether n is the same after MSAL has read it as a float64
// and written it again.
func keptByMSAL(n json.Number) bool {
	f, err := n.Float64()
	whole := !strings.ContainsAny(n.String(), ".eE")
	return err == nil && (math.Abs(f) < 1<<53 || whole && strings.TrimLeft(n.String(), "-0") == "9007199254740992") && !(strings.ContainsAny(n.String(), "eE"))
}
