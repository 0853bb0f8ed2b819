package tokensource

import (
	"net/url"
	"testing"

	"github.com/msalcae/msalcae"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCapabilities(t *testing.T) {
	got, err := capabilities("Config", []string{"CP1", "protapp", "Protapp", "cp2"})
	require.NoError(t, err)
	assert.Equal(t, []string{"cp1", "protapp", "cp2"}, got)
	for _, bad := range []string{"", `cp"2`, "a b", "ü", `\`} {
		_, err := capabilities("Config", []string{bad})
		require.ErrorIs(t, err, msalcae.ErrMisconfigured, bad)
		assert.ErrorContains(t, err, "Config.Capabilities")
	}
}

func TestSentCapability(t *testing.T) {
	for claims, want := range map[string]int32{
		`{"access_token":{"xms_cc":{"values":["CP1"]}}}`:                              cp1Sent,
		`{"access_token":{"xms_cc":{"values":["x","cp1"]},"nbf":{"essential":true}}}`: cp1Sent,
		`{"access_token":{"xms_cc":{"values":["cp2"]}}}`:                              cp1Missing,
		`{"access_token":{}}`: cp1Missing,
		``:                    cp1Missing,
		`{"access_token":1}`:  cp1Unknown,
		`x`:                   cp1Unknown,
	} {
		assert.Equal(t, want, sentCapability("https://h/authorize?claims="+url.QueryEscape(claims)), claims)
	}
	assert.EqualValues(t, cp1Missing, sentCapability("https://h/authorize?x=y"))
	assert.EqualValues(t, cp1Unknown, sentCapability("https://h\x7f/"))
}
