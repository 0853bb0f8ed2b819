package challenge

import (
	"net/http"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func headers(t *testing.T, form string, r Refusal) (http.Header, int) {
	t.Helper()
	f, ok := Of(form)
	require.True(t, ok, form)
	h := http.Header{}
	return h, f.Write(h, r)
}

// A malformed challenge is one of claims: where none are asked for, the refusal
// is as Graph's.
func TestMalformedAreChallengesAlone(t *testing.T) {
	plain := Refusal{Login: "https://login.test", Tenant: "t", Message: "Access token is empty."}
	want, status := headers(t, "", plain)
	assert.Equal(t, 401, status)
	assert.NotContains(t, want.Get("WWW-Authenticate"), "claims")
	challenged := plain
	challenged.Claims = `{"access_token":{"nbf":{"essential":true}}}`
	for _, form := range Malformed() {
		got, status := headers(t, form, plain)
		assert.Equal(t, want, got, form)
		assert.Equal(t, 401, status, form)
		bad, _ := headers(t, form, challenged)
		assert.Contains(t, bad.Get("WWW-Authenticate"), "insufficient_claims", form)
	}
}

// Every form says something, to any demand, and no two have a name in common.
func TestFormsAnswerEveryDemand(t *testing.T) {
	for _, form := range WellFormed() {
		assert.False(t, slices.Contains(Malformed(), form), form)
		f, _ := Of(form)
		for _, d := range []Demand{{Code: "TokenIssuedBeforeRevocationTimestamp"}, {Code: Location, IP: "203.0.113.7"}, {Contexts: []string{"c1", "c2"}}} {
			claims := f.Claims(d, 1)
			assert.Contains(t, claims, `"access_token"`, form)
			h, status := headers(t, form, Refusal{Claims: claims, Code: d.Code})
			assert.NotEmpty(t, h.Values("WWW-Authenticate"), form)
			assert.Equal(t, form == "forbidden-403", status == 403, form)
		}
	}
	_, ok := Of("backwards")
	assert.False(t, ok)
}
