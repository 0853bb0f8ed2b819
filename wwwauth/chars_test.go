package wwwauth

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestClasses(t *testing.T) {
	const alnum = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	for c := range 256 {
		s := string([]byte{byte(c)})
		in := func(set string) bool { return strings.Contains(set, s) }
		assert.Equal(t, in(alnum+"!#$%&'*+-.^_`|~"), only(s, tchar), "tchar %q", s)
		assert.Equal(t, in(alnum+"-._~+/"), only(s, tchar68), "tchar68 %q", s)
		assert.Equal(t, in(" \t,\""), only(s, stop), "stop %q", s)
		assert.Equal(t, in("ABCDEFGHIJKLMNOPQRSTUVWXYZ"), only(s, upper), "upper %q", s)
	}
	assert.False(t, only("", tchar))
}

// A control character is seen wherever it stands and whatever stands beside it.
func TestBlankControls(t *testing.T) {
	for _, neighbour := range []string{"a", "\t", "\xff", "\x80", "~", " "} {
		for n := range 40 {
			clean := strings.Repeat(neighbour, n)
			assert.Equal(t, clean, blankControls(clean))
			for i := range n {
				for _, c := range []byte{0, '\n', '\r', 0x0b, 0x1f, 0x7f} {
					assert.Equal(t, clean[:i]+" "+clean[i+1:], blankControls(clean[:i]+string(rune(c))+clean[i+1:]), "%#x", c)
				}
			}
		}
	}
}

func TestEqualFold(t *testing.T) {
	assert.True(t, equalFold("insufficient_CLAIMS", "Insufficient_claims"))
	assert.True(t, equalFold("", ""))
	for _, other := range []string{"insufficient_claim", "in\u017fufficient_claims", "insufficient\x7fclaims", "insufficient-claims", "insufficient_claimS "} {
		assert.False(t, equalFold("insufficient_claims", other), other)
	}
	assert.False(t, equalFold("@[`{", "`{@["), "characters that differ from others as letters do")
	assert.Equal(t, "ab-\u212a[", lower("Ab-\u212a["))
}
