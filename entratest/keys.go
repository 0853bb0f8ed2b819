package entratest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"sync"
	"time"

	"github.com/msalcae/msalcae/entratest/internal/ids"
	"github.com/msalcae/msalcae/entratest/internal/jose"
)

// The certificates are valid from before the first moment of a testing/synctest
// bubble (2000-01-01) until long after any test.
var (
	certsFrom  = time.Date(1999, 12, 1, 0, 0, 0, 0, time.UTC)
	certsUntil = time.Date(2099, 12, 1, 0, 0, 0, 0, time.UTC)
)

// sharedKey is the key that a new server signs with.
func sharedKey() *jose.Key { return nthKey(0) }

// issuersKey signs for the issuers outside Entra of every server of the
// process.
var issuersKey = sync.OnceValue(func() *jose.Key {
	return jose.NewKey("entratest issuer outside Entra: for tests only", certsFrom, certsUntil)
})

// sharedClientKey is the confidential client's in every server of the process.
var sharedClientKey = sync.OnceValue(func() *jose.Key {
	return jose.NewKey("entratest confidential client: for tests only", certsFrom, certsUntil)
})

// An identity is what the listeners show to TLS clients.
type identity struct {
	ca    *x509.Certificate
	caKey *ecdsa.PrivateKey
	leaf  *tls.Certificate // of the names that every server has

	mu     sync.Mutex
	others map[string]*tls.Certificate // of the names that tests gave, by name
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

	i := &identity{ca: ca, caKey: caKey, others: map[string]*tls.Certificate{}}
	i.leaf = i.issue(append([]string{"localhost", "*." + memoryDomain, uploadHost}, reroutedHosts()...)...)
	return i
}

// issue makes a certificate for these names, and for loopback addresses.
func (i *identity) issue(names ...string) *tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	leaf := certify(&x509.Certificate{
		SerialNumber: new(big.Int).SetBytes(ids.Random(16)),
		Subject:      pkix.Name{CommonName: "entratest: for tests only"},
		NotBefore:    certsFrom,
		NotAfter:     certsUntil,
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
		DNSNames:     names,
	}, i.ca, key.Public(), i.caKey)
	return &tls.Certificate{Certificate: [][]byte{leaf.Raw}, PrivateKey: key, Leaf: leaf}
}

// trust lets the listeners show a certificate for the name as well.
func (i *identity) trust(name string) {
	if i.leaf.Leaf.VerifyHostname(name) == nil {
		return
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.others[name] == nil {
		i.others[name] = i.issue(name)
	}
}

// certificate is tls.Config.GetCertificate.
func (i *identity) certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if other := i.others[hello.ServerName]; other != nil {
		return other, nil
	}
	return i.leaf, nil
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
