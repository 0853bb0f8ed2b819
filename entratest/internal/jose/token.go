// Package jose makes and checks the JSON Web Tokens of entratest: its own,
// which are signed with RS256, and the assertions of clients and of other
// issuers, which may be signed with RS256, PS256 or ES256 (RFC 7518 section 3.1).
package jose

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"
	"strings"
)

// MaxBytes is the length of the longest token that Parse reads.
const MaxBytes = 64 << 10

// The errors of Parse and Verify. They show nothing of the token.
var (
	ErrForm      = errors.New("entratest: not a JWT")
	ErrAlgorithm = errors.New("entratest: a token is signed with an algorithm that is not of its key")
	ErrSignature = errors.New("entratest: the signature of a token is not right")
)

// A Header is the JOSE header of a token (RFC 7515 section 4.1), as far as it
// is looked at.
type Header struct {
	Algorithm        string   `json:"alg"`
	Type             string   `json:"typ"`
	KeyID            string   `json:"kid"`
	Thumbprint       string   `json:"x5t"`
	ThumbprintSHA256 string   `json:"x5t#S256"`
	Chain            []string `json:"x5c"` // DER in standard base64, the signer's first
}

// A Token is a JWT taken apart. Nothing in it has been checked.
type Token struct {
	Header  Header
	Payload []byte // decoded; not necessarily JSON

	signed    string
	signature []byte
}

// Parse takes a token apart. The error is ErrForm: too long, not three parts,
// or not base64url without padding.
func Parse(token string) (*Token, error) {
	if len(token) > MaxBytes {
		return nil, ErrForm
	}
	parts := strings.SplitN(token, ".", 4)
	if len(parts) != 3 {
		return nil, ErrForm
	}
	header, errHeader := base64.RawURLEncoding.DecodeString(parts[0])
	payload, errPayload := base64.RawURLEncoding.DecodeString(parts[1])
	signature, errSignature := base64.RawURLEncoding.DecodeString(parts[2])
	if errors.Join(errHeader, errPayload, errSignature) != nil {
		return nil, ErrForm
	}
	t := &Token{Payload: payload, signed: token[:len(parts[0])+1+len(parts[1])], signature: signature}
	if json.Unmarshal(header, &t.Header) != nil {
		return nil, ErrForm
	}
	return t, nil
}

// Claims unmarshals the payload. The error is ErrForm.
func (t *Token) Claims(into any) error {
	if json.Unmarshal(t.Payload, into) != nil {
		return ErrForm
	}
	return nil
}

// Verify checks the signature with a key, whose kind decides which algorithms
// the header may name: RS256 and PS256 for RSA, ES256 for P-256. The error is
// ErrAlgorithm or ErrSignature.
func (t *Token) Verify(key crypto.PublicKey) error {
	sum := sha256.Sum256([]byte(t.signed))
	good := false
	switch k := key.(type) {
	case *rsa.PublicKey:
		switch t.Header.Algorithm {
		case "RS256":
			good = rsa.VerifyPKCS1v15(k, crypto.SHA256, sum[:], t.signature) == nil
		case "PS256":
			good = rsa.VerifyPSS(k, crypto.SHA256, sum[:], t.signature, nil) == nil
		default:
			return ErrAlgorithm
		}
	case *ecdsa.PublicKey:
		if t.Header.Algorithm != "ES256" || k.Curve.Params().BitSize != 256 {
			return ErrAlgorithm
		}
		if len(t.signature) == 64 {
			r, s := new(big.Int).SetBytes(t.signature[:32]), new(big.Int).SetBytes(t.signature[32:])
			good = ecdsa.Verify(k, sum[:], r, s)
		}
	default:
		return ErrAlgorithm
	}
	if !good {
		return ErrSignature
	}
	return nil
}
