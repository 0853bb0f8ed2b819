package pfx_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"testing"
	"time"

	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/entratest"
	"github.com/msalcae/msalcae/tokensource"
	"github.com/msalcae/msalcae/tokensource/pfx"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"software.sslmate.com/src/go-pkcs12"
)

const password = "the-password"

// certificate returns one for the key, by an authority or, without, by itself.
func certificate(t testing.TB, key, by crypto.Signer, authority *x509.Certificate) *x509.Certificate {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: authority == nil, BasicConstraintsValid: true}
	parent := template
	if authority != nil {
		parent = authority
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), by)
	require.NoError(t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return cert
}

func rsaKey(t testing.TB) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	return key
}

// Files as they are written today, and as old tools write them, sign a daemon
// in; with their chain, at an Entra that knows only the authority.
func TestCredential(t *testing.T) {
	e := entratest.NewServer()
	defer e.Close()
	root, leaf := rsaKey(t), rsaKey(t)
	authority := certificate(t, root, root, nil)
	cert := certificate(t, leaf, root, authority)
	app := e.AddApp(entratest.App{Certificates: []*x509.Certificate{authority}})
	for name, encoder := range map[string]*pkcs12.Encoder{
		"AES-256": pkcs12.Modern2023, "3DES": pkcs12.LegacyDES, "RC2": pkcs12.LegacyRC2, "no password": pkcs12.Passwordless,
	} {
		t.Run(name, func(t *testing.T) {
			with := password
			if name == "no password" {
				with = ""
			}
			file, err := encoder.Encode(leaf, cert, []*x509.Certificate{authority}, with)
			require.NoError(t, err)
			cred, err := pfx.Credential(file, with)
			require.NoError(t, err)
			c, err := tokensource.NewConfidential(tokensource.ConfidentialConfig{
				Authority: e.Authority(), ClientID: app.ClientID, Credential: cred, HTTPClient: e.Client(), SendX5C: true,
			})
			require.NoError(t, err)
			_, err = c.App(e.Scope()).Token(context.Background(), msalcae.TokenRequest{})
			require.NoError(t, err)
		})
	}
}

func TestCredentialRefuses(t *testing.T) {
	key, other := rsaKey(t), rsaKey(t)
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	file := func(key crypto.Signer, cert *x509.Certificate) []byte {
		data, err := pkcs12.Modern2023.Encode(key, cert, nil, password)
		require.NoError(t, err)
		return data
	}
	good := file(key, certificate(t, key, key, nil))
	for says, c := range map[string]struct {
		file     []byte
		password string
	}{
		"the password is not":     {good, "another"},
		"the password is not ":    {good, ""},
		"cannot be read":          {[]byte("-----BEGIN CERTIFICATE-----"), password},
		"cannot be read (":        {good[:len(good)/2], password},
		"larger than 1 MiB":       {make([]byte, 1<<20+1), password},
		"is not an RSA key":       {file(ec, certificate(t, ec, ec, nil)), password},
		"belongs to none of its ": {file(key, certificate(t, other, other, nil)), password},
	} {
		_, err := pfx.Credential(c.file, c.password)
		require.ErrorIs(t, err, msalcae.ErrMisconfigured, says)
		assert.ErrorContains(t, err, says)
		assert.NotContains(t, err.Error(), password)
	}
}

// No file makes it panic, and what it refuses is the program's to mend.
func FuzzCredential(f *testing.F) {
	f.Add([]byte("0\x82"), password)
	f.Fuzz(func(t *testing.T, data []byte, password string) {
		if _, err := pfx.Credential(data, password); err != nil {
			require.ErrorIs(t, err, msalcae.ErrMisconfigured)
		}
	})
}
