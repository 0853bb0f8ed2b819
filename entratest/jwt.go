package entratest

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"strings"
	"sync"
)

// maxTokenBytes is more than any token of this package has.
const maxTokenBytes = 64 << 10

var (
	errTokenForm      = errors.New("entratest: not a JWT")
	errTokenSignature = errors.New("entratest: the token's signature is not ours")
)

// sign makes a JWT (RFC 7515 section 7.1, RS256).
func (k *signingKey) sign(claims map[string]any) string {
	header, err := json.Marshal(map[string]string{"typ": "JWT", "alg": "RS256", "x5t": k.kid, "kid": k.kid})
	must(err)
	payload, err := json.Marshal(claims)
	must(err)
	text := base64.RawURLEncoding.EncodeToString(header) + "." + base64.RawURLEncoding.EncodeToString(payload)
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(nil, k.private, crypto.SHA256, sum[:])
	must(err)
	return text + "." + base64.RawURLEncoding.EncodeToString(signature)
}

// An accessToken is what the API reads in an access token.
type accessToken struct {
	Audience     string   `json:"aud"`
	Issuer       string   `json:"iss"`
	NotBefore    int64    `json:"nbf"`
	Expires      int64    `json:"exp"`
	App          string   `json:"appid"`
	Kind         string   `json:"idtyp"` // "user" or "app"
	ObjectID     string   `json:"oid"`
	ID           string   `json:"uti"`
	Capabilities []string `json:"xms_cc"`
	Contexts     []string `json:"acrs"`

	seq uint64 // of its issue, see Server.seq
}

// cae tells whether the client can answer claims challenges.
func (t *accessToken) cae() bool { return hasFold(t.Capabilities, "cp1") }

// A verifier checks signatures and remembers the tokens that were good.
type verifier struct {
	keys func(kid string) *signingKey // nil: unknown

	mu   sync.RWMutex
	good map[[sha256.Size]byte]*accessToken
}

// maxGood bounds verifier.good; the map starts afresh when it is full.
const maxGood = 4096

// verify checks form and signature. Times, issuer and audience are the
// caller's to check: they depend on when and where.
func (v *verifier) verify(token string) (*accessToken, error) {
	if len(token) > maxTokenBytes {
		return nil, errTokenForm
	}
	sum := sha256.Sum256([]byte(token))
	v.mu.RLock()
	t := v.good[sum]
	v.mu.RUnlock()
	if t != nil {
		return t, nil
	}
	t, err := v.parse(token)
	if err != nil {
		return nil, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.good == nil || len(v.good) >= maxGood {
		v.good = map[[sha256.Size]byte]*accessToken{}
	}
	v.good[sum] = t
	return t, nil
}

func (v *verifier) parse(token string) (*accessToken, error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, errTokenForm
	}
	var header struct{ Alg, Kid string }
	if err := decodePart(parts[0], &header); err != nil || header.Alg != "RS256" {
		return nil, errTokenForm
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		return nil, errTokenForm
	}
	key := v.keys(header.Kid)
	if key == nil {
		return nil, errTokenSignature
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if rsa.VerifyPKCS1v15(&key.private.PublicKey, crypto.SHA256, sum[:], signature) != nil {
		return nil, errTokenSignature
	}
	t := new(accessToken)
	if err := decodePart(parts[1], t); err != nil {
		return nil, errTokenForm
	}
	t.seq = seqOf(t.ID)
	return t, nil
}

func decodePart(part string, into any) error {
	b, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		return err
	}
	return json.Unmarshal(b, into)
}

// tokenID makes a uti claim: the place in the order of events is in it, so
// that tokens issued within one second can be told apart, which iat cannot.
func tokenID(seq uint64) string {
	b := append(binary.BigEndian.AppendUint64(nil, seq), randomBytes(8)...)
	return base64.RawURLEncoding.EncodeToString(b)
}

// seqOf is 0, older than everything, for what tokenID did not make.
func seqOf(id string) uint64 {
	b, err := base64.RawURLEncoding.DecodeString(id)
	if err != nil || len(b) != 16 {
		return 0
	}
	return binary.BigEndian.Uint64(b)
}
