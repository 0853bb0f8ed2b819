package jose

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"time"
)

// A Key signs tokens with RS256. It never changes.
type Key struct {
	ID          string            // kid and x5t: the certificate's SHA-1 thumbprint, as Entra's is
	Certificate *x509.Certificate // of its own signature

	signer crypto.Signer // of an RSA key
	header string        // of every token that it signs, encoded
}

// NewKey makes an RSA key of 2048 bits whose certificate is valid in the given
// time. It panics where a key cannot be made, which is nowhere.
func NewKey(name string, from, until time.Time) *Key {
	private, err := rsa.GenerateKey(rand.Reader, modulusBits)
	must(err)
	return newKeyOf(private, name, from, until)
}

// NewQuickKey is NewKey for one that signs in half the time, and can do
// nothing but RS256: its private key is no *rsa.PrivateKey.
func NewQuickKey(name string, from, until time.Time) *Key {
	private, err := newMultiPrime()
	must(err)
	return newKeyOf(private, name, from, until)
}

func newKeyOf(private crypto.Signer, name string, from, until time.Time) *Key {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: from, NotAfter: until,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	must(err)
	cert, err := x509.ParseCertificate(der)
	must(err)
	id := Thumbprint(cert)
	header, err := json.Marshal(map[string]string{"typ": "JWT", "alg": "RS256", "x5t": id, "kid": id})
	must(err)
	return &Key{ID: id, Certificate: cert, signer: private, header: encode(header)}
}

// Thumbprint returns the x5t of a certificate (RFC 7515 section 4.1.7).
func Thumbprint(cert *x509.Certificate) string {
	sum := sha1.Sum(cert.Raw)
	return encode(sum[:])
}

// Sign makes a token of anything that marshals to a JSON object (RFC 7515
// section 7.1); it panics if claims cannot be marshalled.
func (k *Key) Sign(claims any) string {
	payload, err := json.Marshal(claims)
	must(err)
	text := k.header + "." + encode(payload)
	sum := sha256.Sum256([]byte(text))
	signature, err := k.signer.Sign(rand.Reader, sum[:], crypto.SHA256)
	must(err)
	return text + "." + encode(signature)
}

// Public returns the key that checks what k signs.
func (k *Key) Public() crypto.PublicKey { return k.signer.Public() }

// Signer returns the private key.
func (k *Key) Signer() crypto.Signer { return k.signer }

// JWK returns the public key as a JSON Web Key (RFC 7517 section 4).
func (k *Key) JWK() map[string]any {
	public := k.Public().(*rsa.PublicKey)
	return map[string]any{
		"kty": "RSA", "use": "sig", "kid": k.ID, "x5t": k.ID,
		"n":   encode(public.N.Bytes()),
		"e":   encode(big.NewInt(int64(public.E)).Bytes()),
		"x5c": []string{base64.StdEncoding.EncodeToString(k.Certificate.Raw)},
	}
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// must is for what cannot fail on a working machine.
func must(err error) {
	if err != nil {
		panic("entratest: " + err.Error())
	}
}
