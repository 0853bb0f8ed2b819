package jwt

import (
	"encoding/base64"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func token(payload string) string {
	return "e30." + base64.RawURLEncoding.EncodeToString([]byte(payload)) + ".c2ln"
}

func TestRead(t *testing.T) {
	c, ok := Read(token(`{"iss":"i","tid":"t","aud":"a","nonce":"n","exp":1700000000.5,"nbf":1,"other":{}}`))
	assert.True(t, ok)
	assert.Equal(t, Claims{Issuer: "i", Tenant: "t", Nonce: "n", Audience: Audience{"a"}, Expires: 1700000000.5, NotBefore: 1}, c)
	assert.Equal(t, time.Unix(1700000000, 0), c.Ends())
	c, ok = Read(token(`{"aud":["a","b"]}`))
	assert.True(t, ok)
	assert.Equal(t, Audience{"a", "b"}, c.Audience)
	assert.Zero(t, c.Ends())
	_, ok = Read("e30." + base64.URLEncoding.EncodeToString([]byte(`{"exp":1}`)) + ".c2ln")
	assert.True(t, ok, "padding does no harm")
	for _, bad := range []string{"", "opaque", "a.b", "e30.!.x", token("[]"), token("null "), token(`{"aud":1}`), token(`{"exp":"x"}`), token(`{}{}`)} {
		c, ok := Read(bad)
		assert.Zero(t, c.Expires)
		assert.False(t, ok && bad != token("null "), bad)
	}
	for _, exp := range []string{"-1", "0", "1e300"} {
		c, _ := Read(token(`{"exp":` + exp + `}`))
		assert.Zero(t, c.Ends(), exp)
		assert.False(t, c.Expired())
	}
}

func TestExpired(t *testing.T) {
	for ago, expired := range map[time.Duration]bool{-time.Hour: false, time.Minute: false, Skew + time.Minute: true} {
		c, ok := Read(token(fmt.Sprintf(`{"exp":%d}`, time.Now().Add(-ago).Unix())))
		assert.True(t, ok)
		assert.Equal(t, expired, c.Expired(), ago)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(token(`{"aud":["a"],"exp":1}`))
	f.Add("..")
	f.Fuzz(func(t *testing.T, s string) {
		c, _ := Read(s)
		c.Ends()
	})
}
