package jose

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func newKey() *Key {
	now := time.Now()
	return NewKey("test", now.Add(-time.Hour), now.Add(time.Hour))
}

// signed is a token with a header and a way to sign of the test's choice.
func signed(header string, sign func(sum []byte) []byte) string {
	text := encode([]byte(header)) + "." + encode([]byte(`{"iss":"me"}`))
	sum := sha256.Sum256([]byte(text))
	return text + "." + encode(sign(sum[:]))
}

func TestSignedTokenVerifies(t *testing.T) {
	key := newKey()
	token, err := Parse(key.Sign(map[string]any{"iss": "me"}))
	require.NoError(t, err)
	assert.NoError(t, token.Verify(key.Public()))
	assert.Equal(t, Header{Algorithm: "RS256", Type: "JWT", KeyID: key.ID, Thumbprint: key.ID}, token.Header)
	var claims struct{ Iss string }
	require.NoError(t, token.Claims(&claims))
	assert.Equal(t, "me", claims.Iss)
	assert.ErrorIs(t, token.Verify(newKey().Public()), ErrSignature)
}

// The JWK alone is enough to check a token: what its readers do.
func TestJWKIsThePublicKey(t *testing.T) {
	key := newKey()
	jwk := key.JWK()
	number := func(name string) *big.Int {
		b, err := base64.RawURLEncoding.DecodeString(jwk[name].(string))
		require.NoError(t, err)
		return new(big.Int).SetBytes(b)
	}
	token, err := Parse(key.Sign(map[string]any{}))
	require.NoError(t, err)
	assert.NoError(t, token.Verify(&rsa.PublicKey{N: number("n"), E: int(number("e").Int64())}))
	assert.Equal(t, Thumbprint(key.Certificate), jwk["kid"])
}

func TestAlgorithms(t *testing.T) {
	key, other := newKey(), newKey()
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	wide, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	require.NoError(t, err)
	pss := func(sum []byte) []byte {
		b, err := rsa.SignPSS(rand.Reader, key.signer.(*rsa.PrivateKey), crypto.SHA256, sum, nil)
		require.NoError(t, err)
		return b
	}
	es256 := func(sum []byte) []byte {
		r, s, err := ecdsa.Sign(rand.Reader, curve, sum)
		require.NoError(t, err)
		return append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
	}
	for name, c := range map[string]struct {
		token string
		key   crypto.PublicKey
		want  error
	}{
		"PS256":                  {signed(`{"alg":"PS256"}`, pss), key.Public(), nil},
		"PS256 of another":       {signed(`{"alg":"PS256"}`, pss), other.Public(), ErrSignature},
		"PS256 said to be RS256": {signed(`{"alg":"RS256"}`, pss), key.Public(), ErrSignature},
		"ES256":                  {signed(`{"alg":"ES256"}`, es256), curve.Public(), nil},
		"ES256 cut":              {signed(`{"alg":"ES256"}`, func(sum []byte) []byte { return es256(sum)[1:] }), curve.Public(), ErrSignature},
		"ES256 of another curve": {signed(`{"alg":"ES256"}`, es256), wide.Public(), ErrAlgorithm},
		"none":                   {signed(`{"alg":"none"}`, func([]byte) []byte { return nil }), key.Public(), ErrAlgorithm},
		"HS256":                  {signed(`{"alg":"HS256"}`, func(sum []byte) []byte { return sum }), key.Public(), ErrAlgorithm},
		"RS256 with a curve":     {key.Sign(map[string]any{}), curve.Public(), ErrAlgorithm},
		"no key":                 {key.Sign(map[string]any{}), nil, ErrAlgorithm},
	} {
		token, err := Parse(c.token)
		require.NoError(t, err, name)
		assert.Equal(t, c.want, token.Verify(c.key), name)
	}
}

func TestForm(t *testing.T) {
	good := newKey().Sign(map[string]any{})
	for name, token := range map[string]string{
		"empty": "", "two parts": "a.b", "four parts": good + ".x", "padding": strings.Replace(good, ".", "==.", 1),
		"header is not JSON": "YQ." + strings.SplitN(good, ".", 2)[1], "too long": strings.Repeat("a", MaxBytes+1),
	} {
		_, err := Parse(token)
		assert.Equal(t, ErrForm, err, name)
	}
	token, err := Parse(encode([]byte(`{}`)) + ".YQ.YQ")
	require.NoError(t, err)
	assert.Equal(t, ErrForm, token.Claims(new(map[string]any)), "the payload is not JSON")
}

func FuzzParse(f *testing.F) {
	key := newKey()
	f.Add(key.Sign(map[string]any{"iss": "me"}))
	f.Add("..")
	f.Add("bnVsbA.bnVsbA.")
	f.Fuzz(func(t *testing.T, text string) {
		token, err := Parse(text)
		if err != nil {
			return
		}
		if token.Verify(key.Public()) == nil && token.Header.Algorithm != "RS256" {
			t.Errorf("%q: verified as %q", text, token.Header.Algorithm)
		}
		var claims map[string]any
		if token.Claims(&claims) == nil && !json.Valid(token.Payload) {
			t.Errorf("%q: claims of what is not JSON", text)
		}
	})
}
