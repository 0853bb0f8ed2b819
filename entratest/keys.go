package entratest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"math/big"
	"net"
	"sync"
	"time"
)

// The certificates are valid from before the first moment of a testing/synctest
// bubble (2000-01-01) until long after any test.
var (
	certsFrom  = time.Date(1999, 12, 1, 0, 0, 0, 0, time.UTC)
	certsUntil = time.Date(2099, 12, 1, 0, 0, 0, 0, time.UTC)
)

// A signingKey signs tokens. kid is the certificate's SHA-1 thumbprint, as
// Entra's is.
type signingKey struct {
	private *rsa.PrivateKey
	kid     string
	x5c     string // the certificate, DER in standard base64
}

// sharedKey signs for every server of the process: to make an RSA key takes
// longer than most tests do.
var sharedKey = sync.OnceValue(newSigningKey)

func newSigningKey() *signingKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	must(err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "entratest token signing: for tests only"},
		NotBefore:    certsFrom,
		NotAfter:     certsUntil,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	must(err)
	thumb := sha1.Sum(der)
	return &signingKey{
		private: key,
		kid:     base64.RawURLEncoding.EncodeToString(thumb[:]),
		x5c:     base64.StdEncoding.EncodeToString(der),
	}
}

// An identity is what the listeners show to TLS clients.
type identity struct {
	ca   *x509.Certificate
	leaf tls.Certificate
}

// sharedIdentity is one for all servers of the process, so that a client that
// trusts one trusts them all.
var sharedIdentity = sync.OnceValue(newIdentity)

func newIdentity() *identity {
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	caTemplate := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "entratest CA: for tests only"},
		NotBefore:             certsFrom,
		NotAfter:              certsUntil,
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	ca := certify(caTemplate, caTemplate, caKey.Public(), caKey)

	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	leaf := certify(&x509.Certificate{
		SerialNumber: big.NewInt(2),
		Subject:      pkix.Name{CommonName: "entratest: for tests only"},
		NotBefore:    certsFrom,
		NotAfter:     certsUntil,
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
		DNSNames:     append([]string{"localhost"}, reroutedHosts()...),
	}, ca, key.Public(), caKey)
	return &identity{
		ca:   ca,
		leaf: tls.Certificate{Certificate: [][]byte{leaf.Raw}, PrivateKey: key, Leaf: leaf},
	}
}

func certify(template, parent *x509.Certificate, public crypto.PublicKey, signer crypto.Signer) *x509.Certificate {
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, signer)
	must(err)
	cert, err := x509.ParseCertificate(der)
	must(err)
	return cert
}

// must is for what cannot fail on a working machine: like net/http/httptest,
// the package panics when it cannot be set up.
func must(err error) {
	if err != nil {
		panic("entratest: " + err.Error())
	}
}
