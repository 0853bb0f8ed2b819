package tokensource_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"testing"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/entratest"
	"github.com/msalcae/msalcae/tokensource"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// An issued certificate with its key.
type issued struct {
	cert *x509.Certificate
	key  *rsa.PrivateKey
}

// issue makes a certificate, by an authority or, if that is nil, by itself.
func issue(t testing.TB, name string, by *issued) issued {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: by == nil, BasicConstraintsValid: true}
	parent, signer := template, key
	if by != nil {
		parent, signer = by.cert, by.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	require.NoError(t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return issued{cert, key}
}

func pemOf(t testing.TB, key any, certs ...*x509.Certificate) []byte {
	t.Helper()
	var file bytes.Buffer
	if key != nil {
		der, err := x509.MarshalPKCS8PrivateKey(key)
		require.NoError(t, err)
		require.NoError(t, pem.Encode(&file, &pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	}
	for _, c := range certs {
		require.NoError(t, pem.Encode(&file, &pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}))
	}
	return file.Bytes()
}

// as returns a client of an application with a credential.
func (e entra) as(clientID string, cred confidential.Credential, set ...func(*tokensource.ConfidentialConfig)) *tokensource.Confidential {
	e.t.Helper()
	cfg := tokensource.ConfidentialConfig{Authority: e.Authority(), ClientID: clientID, Credential: cred, HTTPClient: e.http()}
	for _, f := range set {
		f(&cfg)
	}
	c, err := tokensource.NewConfidential(cfg)
	require.NoError(e.t, err)
	return c
}

// heals calls the API, has the application's token revoked, and calls it again.
func (e entra) heals(app string, c *tokensource.Confidential) {
	e.t.Helper()
	api := e.api(c.App(e.Scope()))
	require.Equal(e.t, 200, e.get(api, "/users"))
	before := e.Stats()
	e.Revoke(app)
	require.Equal(e.t, 200, e.get(api, "/users"))
	d := e.Stats().Sub(before)
	assert.Equal(e.t, 1, d.Challenges)
	assert.Equal(e.t, 1, d.TokenRequests)
}

func TestCertificate(t *testing.T) {
	e := newEntra(t)
	own := issue(t, "daemon", nil)
	app := e.AddApp(entratest.App{Name: "daemon", Certificates: []*x509.Certificate{own.cert}})
	for name, file := range map[string][]byte{
		"PKCS #8": pemOf(t, own.key, own.cert),
		"PKCS #1": append(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(own.key)}), pemOf(t, nil, own.cert)...),
	} {
		cred, err := tokensource.CertificateFromPEM(file)
		require.NoError(t, err, name)
		e.heals(app.ClientID, e.as(app.ClientID, cred))
	}

	stranger := issue(t, "daemon", nil)
	cred, err := tokensource.CertificateFromPEM(pemOf(t, stranger.key, stranger.cert))
	require.NoError(t, err)
	_, err = e.as(app.ClientID, cred).App(e.Scope()).Token(testContext(t), msalcae.TokenRequest{})
	require.ErrorIs(t, err, msalcae.ErrMisconfigured)
	assert.ErrorContains(t, err, "check the client's secret, certificate or assertion")
}

// With SendX5C the chain goes along, and a certificate that Entra has not seen
// is good if it trusts its authority: certificates can then be renewed freely.
func TestSendX5C(t *testing.T) {
	e := newEntra(t)
	authority := issue(t, "authority", nil)
	renewed := issue(t, "daemon", &authority)
	app := e.AddApp(entratest.App{Name: "daemon", Certificates: []*x509.Certificate{authority.cert}})
	cred, err := tokensource.CertificateFromPEM(pemOf(t, renewed.key, renewed.cert, authority.cert))
	require.NoError(t, err)
	_, err = e.as(app.ClientID, cred).App(e.Scope()).Token(testContext(t), msalcae.TokenRequest{})
	require.ErrorIs(t, err, msalcae.ErrMisconfigured, "without the chain nobody knows it")
	e.heals(app.ClientID, e.as(app.ClientID, cred, func(cfg *tokensource.ConfidentialConfig) { cfg.SendX5C = true }))
}

func TestCertificateFromPEMRefuses(t *testing.T) {
	own, other := issue(t, "a", nil), issue(t, "b", nil)
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	ecDER, err := x509.MarshalECPrivateKey(ec)
	require.NoError(t, err)
	block := func(kind string, der []byte, headers map[string]string) []byte {
		return append(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der, Headers: headers}), pemOf(t, nil, own.cert)...)
	}
	for says, file := range map[string][]byte{
		"is not in PEM form":      []byte("\x30\x82binary"),
		"no certificates found":   pemOf(t, own.key),
		"no private key found":    pemOf(t, nil, own.cert),
		"belongs to none":         pemOf(t, own.key, other.cert),
		"not an RSA key":          pemOf(t, ec, own.cert),
		"not an RSA key, ":        block("EC PRIVATE KEY", ecDER, nil),
		"is encrypted":            block("ENCRYPTED PRIVATE KEY", []byte("x"), nil),
		"is encrypted; decrypt":   block("RSA PRIVATE KEY", []byte("x"), map[string]string{"DEK-Info": "DES-EDE3-CBC,00"}),
		"could not decode":        block("PRIVATE KEY", []byte("x"), nil),
		"multiple private key":    append(pemOf(t, own.key, own.cert), pemOf(t, other.key)...),
		"could not be parsed by ": append(pemOf(t, own.key), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("x")})...),
	} {
		_, err := tokensource.CertificateFromPEM(file)
		require.ErrorIs(t, err, msalcae.ErrMisconfigured, says)
		assert.ErrorContains(t, err, says)
		assertNoSecret(t, err, nil)
	}
}

// An assertion callback's error arrives as it is.
func TestAssertionCallback(t *testing.T) {
	e := newEntra(t)
	issuer := e.Issuer("own")
	app := e.AddApp(entratest.App{FederatedCredentials: []entratest.FederatedCredential{{Issuer: issuer.URL(), Subject: "me"}}})
	var given confidential.AssertionRequestOptions
	broken := false
	cred := confidential.NewCredFromAssertionCallback(func(_ context.Context, o confidential.AssertionRequestOptions) (string, error) {
		given = o
		if broken {
			return "", context.DeadlineExceeded
		}
		return issuer.Token("me"), nil
	})
	c := e.as(app.ClientID, cred)
	e.heals(app.ClientID, c)
	assert.Equal(t, app.ClientID, given.ClientID)
	broken = true
	_, err := c.App("api://"+e.ClientID()+"/.default").Token(testContext(t), msalcae.TokenRequest{})
	require.ErrorIs(t, err, context.DeadlineExceeded)
}
