package entratest_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"maps"
	"math/big"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/msalcae/msalcae/entratest"
	"github.com/stretchr/testify/require"
)

// A signer makes client assertions, good and bad.
type signer struct {
	key  crypto.Signer
	cert *x509.Certificate
}

var strangerKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

func clientSigner(s *entratest.Server) signer {
	c := s.ClientCertificate()
	return signer{c.PrivateKey.(crypto.Signer), c.Leaf}
}

// certificate makes one for the key, of an authority; nil: of itself.
func certificate(t testing.TB, key crypto.Signer, issuer *signer, change func(*x509.Certificate)) signer {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	if change != nil {
		change(template)
	}
	parent, by := template, key
	if issuer != nil {
		parent, by = issuer.cert, issuer.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), by)
	require.NoError(t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return signer{key, cert}
}

func newECKey(t testing.TB) *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	return key
}

func (s signer) x5t() string {
	sum := sha1.Sum(s.cert.Raw)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func (s signer) x5tS256() string {
	sum := sha256.Sum256(s.cert.Raw)
	return base64.StdEncoding.EncodeToString(sum[:]) // as MSAL Go has it
}

// sign makes a token; the header's alg decides how.
func (s signer) sign(t testing.TB, header, claims map[string]any) string {
	t.Helper()
	part := func(v any) string {
		b, err := json.Marshal(v)
		require.NoError(t, err)
		return base64.RawURLEncoding.EncodeToString(b)
	}
	text := part(header) + "." + part(claims)
	sum := sha256.Sum256([]byte(text))
	var signature []byte
	var err error
	switch key := s.key.(type) {
	case *rsa.PrivateKey:
		if header["alg"] == "PS256" {
			signature, err = rsa.SignPSS(rand.Reader, key, crypto.SHA256, sum[:], nil)
		} else {
			signature, err = rsa.SignPKCS1v15(nil, key, crypto.SHA256, sum[:])
		}
	case *ecdsa.PrivateKey:
		r, v, signErr := ecdsa.Sign(rand.Reader, key, sum[:])
		signature, err = append(r.FillBytes(make([]byte, 32)), v.FillBytes(make([]byte, 32))...), signErr
	}
	require.NoError(t, err)
	return text + "." + base64.RawURLEncoding.EncodeToString(signature)
}

// goodClaims are those of a client assertion.
func goodClaims(s *entratest.Server, clientID string, changes map[string]any) map[string]any {
	now := time.Now().Unix()
	claims := map[string]any{"iss": clientID, "sub": clientID, "aud": s.Authority() + "/oauth2/v2.0/token",
		"jti": rand.Text(), "nbf": now, "exp": now + 600}
	maps.Copy(claims, changes)
	return claims
}

// asserted is daemon's form with an assertion in the place of the secret.
func asserted(s *entratest.Server, clientID, assertion string) url.Values {
	form := daemon(s, cp1)
	form.Del("client_secret")
	form.Set("client_id", clientID)
	form.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
	form.Set("client_assertion", assertion)
	return form
}
