package jose

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Whoever checks a signature sees an ordinary key of 2048 bits.
func TestMultiPrimeSignatures(t *testing.T) {
	for range 5 {
		key, err := newMultiPrime()
		require.NoError(t, err)
		public := key.Public().(*rsa.PublicKey)
		assert.Equal(t, 2048, public.N.BitLen())
		for i := range 50 {
			sum := sha256.Sum256([]byte{byte(i)})
			signature, err := key.Sign(nil, sum[:], crypto.SHA256)
			require.NoError(t, err)
			require.NoError(t, rsa.VerifyPKCS1v15(public, crypto.SHA256, sum[:], signature))
			sum[0]++
			require.Error(t, rsa.VerifyPKCS1v15(public, crypto.SHA256, sum[:], signature))
		}
		_, err = key.Sign(rand.Reader, make([]byte, 32), &rsa.PSSOptions{Hash: crypto.SHA256})
		assert.Error(t, err)
		_, err = key.Sign(rand.Reader, make([]byte, 20), crypto.SHA256)
		assert.Error(t, err)
	}
}

// A key of the server's own is quick, and has a certificate as any other.
func TestQuickKey(t *testing.T) {
	now := time.Now()
	key := NewQuickKey("test", now.Add(-time.Hour), now.Add(time.Hour))
	assert.IsType(t, &multiPrime{}, key.Signer())
	assert.Equal(t, key.Public(), key.Certificate.PublicKey)
	assert.NoError(t, key.Certificate.CheckSignature(x509.SHA256WithRSA, key.Certificate.RawTBSCertificate, key.Certificate.Signature))
	token, err := Parse(key.Sign(map[string]any{"iss": "me"}))
	require.NoError(t, err)
	assert.NoError(t, token.Verify(key.Public()))
	assert.ErrorIs(t, token.Verify(newKey().Public()), ErrSignature)
}
