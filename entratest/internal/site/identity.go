package site

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
)

// An Identity is what listeners show to TLS clients: certificates of an authority
// of its own, for tests only.
type Identity struct {
	CA          *x509.Certificate
	caKey       *ecdsa.PrivateKey
	from, until time.Time
	leaf        *tls.Certificate // of the names that every server has

	mu     sync.Mutex
	others map[string]*tls.Certificate // of the names that tests gave, by name
}

// NewIdentity makes an authority, and a certificate for names and loopback
// addresses, which are valid at these times. It panics where the machine cannot.
func NewIdentity(from, until time.Time, names ...string) *Identity {
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	caTemplate := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "entratest CA: for tests only"},
		NotBefore:             from,
		NotAfter:              until,
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	ca := certify(caTemplate, caTemplate, caKey.Public(), caKey)

	i := &Identity{CA: ca, caKey: caKey, from: from, until: until, others: map[string]*tls.Certificate{}}
	i.leaf = i.issue(names...)
	return i
}

// issue makes a certificate for these names, and for loopback addresses.
func (i *Identity) issue(names ...string) *tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	leaf := certify(&x509.Certificate{
		SerialNumber: new(big.Int).SetBytes(ids.Random(16)),
		Subject:      pkix.Name{CommonName: "entratest: for tests only"},
		NotBefore:    i.from,
		NotAfter:     i.until,
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
		DNSNames:     names,
	}, i.CA, key.Public(), i.caKey)
	return &tls.Certificate{Certificate: [][]byte{leaf.Raw}, PrivateKey: key, Leaf: leaf}
}

// Trust lets the listeners show a certificate for the name as well.
func (i *Identity) Trust(name string) {
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
func (i *Identity) certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
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

func must(err error) {
	if err != nil {
		panic("entratest: " + err.Error())
	}
}
