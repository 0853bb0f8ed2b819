package engine

import (
	"strings"
	"testing"

	"github.com/msalcae/msalcae/wwwauth"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestBoundsOfClaims(t *testing.T) {
	nested := func(n int) string { return strings.Repeat("[", n) + "1" + strings.Repeat("]", n) }
	sized := func(n int) string {
		const frame = `{"access_token":{"x":""}}`
		return `{"access_token":{"x":"` + strings.Repeat("x", n-len(frame)) + `"}}`
	}
	for _, good := range []string{
		sized(maxDemandBytes),
		`{"access_token":{"x":` + nested(maxDemandDepth-2) + `}}`,
		`{"y":` + nested(maxDemandDepth-1) + `}`,
		`{"access_token":{"x":9007199254740992,"y":-9007199254740992,"z":0.5}}`,
		`{"access_token":{"a":{"b":1},"b":{"a":1}},"a":{"access_token":5}}`,
	} {
		_, err := ParseDemand(good)
		assert.NoError(t, err, "%.60s", good)
	}
	for _, bad := range []string{
		sized(maxDemandBytes + 1),
		`{"access_token":{"x":` + nested(maxDemandDepth-1) + `}}`,
		`{"y":` + nested(maxDemandDepth) + `}`,
		`{"access_token":{"x":9007199254740993}}`, `{"access_token":{"x":-9007199254740993}}`,
		`{"access_token":{"x":9007199254740992.5}}`, `{"access_token":{"x":-9007199254740992.5}}`, `{"access_token":{"x":1e3}}`,
		`{"access_token":{"a":1,"b":2,"a":3}}`, `{"access_token":{"a":1,"b":2,"\u0061":3}}`, `{"a":1,"access_token":{},"a":2}`,
		`{"access_token":{"x":{"a":1,"b":[{"c":1,"d":2,"c":3}]}}}`,
	} {
		_, err := ParseDemand(bad)
		assert.ErrorIs(t, err, wwwauth.ErrMalformedClaims, "%.60s", bad)
	}
}

// What asks nothing of the access token, as its name is written, asks for a newer
// one.
func TestClaimsOfOthers(t *testing.T) {
	for _, claims := range []string{`{}`, `{"id_token":{"x":1}}`, `{"Access_Token":{"x":1}}`, `{"access_token":{"xms_cc":{"values":["cp1"]}}}`} {
		d, err := ParseDemand(claims)
		require.NoError(t, err)
		assert.Equal(t, Demand{}, d)
	}
}
