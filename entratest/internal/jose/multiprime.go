package jose

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"io"
	"math/big"
)

// A multiPrime is an RSA key of 2048 bits with four primes (RFC 8017 section
// 3.2). To those who check its signatures it is like any other. It signs in
// less than half the time of a key with two, and is made sooner. It is for tests
// only: its time tells of the key, which that of [crypto/rsa] does not.
type multiPrime struct {
	public  rsa.PublicKey
	factors []factor
}

// A factor is one prime and what is known of it beforehand.
type factor struct {
	prime    *big.Int
	exponent *big.Int // the private one, for this prime
	before   *big.Int // product of the primes before it; nil: it is the first
	inverse  *big.Int // of before, for this prime
}

const (
	modulusBits = 2048
	primeCount  = 4
)

func newMultiPrime() (*multiPrime, error) {
	e := big.NewInt(65537)
	for {
		k, product := &multiPrime{}, big.NewInt(1)
		for len(k.factors) < primeCount {
			p, err := rand.Prime(rand.Reader, modulusBits/primeCount)
			if err != nil {
				return nil, err
			}
			f := factor{prime: p, exponent: new(big.Int).ModInverse(e, new(big.Int).Sub(p, big.NewInt(1)))}
			if len(k.factors) > 0 {
				f.before = new(big.Int).Set(product)
				f.inverse = new(big.Int).ModInverse(product, p)
			}
			if f.exponent == nil || f.before != nil && f.inverse == nil {
				continue // e is no exponent for it, or it is there already
			}
			k.factors = append(k.factors, f)
			product.Mul(product, p)
		}
		if product.BitLen() == modulusBits {
			k.public = rsa.PublicKey{N: product, E: int(e.Int64())}
			return k, nil
		}
	}
}

// Public returns the *rsa.PublicKey.
func (k *multiPrime) Public() crypto.PublicKey { return &k.public }

// sha256Prefix is the DigestInfo before a SHA-256 (RFC 8017 section 9.2, note 1).
var sha256Prefix = []byte{0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20}

// Sign signs a SHA-256 by RSASSA-PKCS1-v1_5 (RFC 8017 section 8.2.1); it knows
// nothing else.
func (k *multiPrime) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	if opts != crypto.SHA256 || len(digest) != crypto.SHA256.Size() {
		return nil, errors.New("entratest: the key signs with RS256 only")
	}
	info := append(sha256Prefix[:len(sha256Prefix):len(sha256Prefix)], digest...)
	padded := make([]byte, modulusBits/8)
	padded[1] = 1
	for i := 2; i < len(padded)-len(info)-1; i++ {
		padded[i] = 0xff
	}
	copy(padded[len(padded)-len(info):], info)
	return k.raise(new(big.Int).SetBytes(padded)).FillBytes(padded), nil
}

// raise is RSASP1 (RFC 8017 section 5.2.1): m to the power of the private
// exponent, by the Chinese remainder theorem.
func (k *multiPrime) raise(m *big.Int) *big.Int {
	s := new(big.Int)
	for _, f := range k.factors {
		part := new(big.Int).Exp(m, f.exponent, f.prime)
		if f.before == nil {
			s = part
			continue
		}
		part.Sub(part, s)
		part.Mul(part, f.inverse)
		part.Mod(part, f.prime)
		s.Add(s, part.Mul(part, f.before))
	}
	return s
}
