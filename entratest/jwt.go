package entratest

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"sync"

	"github.com/msalcae/msalcae/entratest/internal/ids"
	"github.com/msalcae/msalcae/entratest/internal/jose"
)

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
	Scopes       string   `json:"scp"`

	kid      string // of the key that signed it
	seq      uint64 // of its issue, see Server.seq
	anywhere bool   // the API does not look where it comes from
}

// cae tells whether the client can answer claims challenges.
func (t *accessToken) cae() bool { return hasFold(t.Capabilities, "cp1") }

// A verifier checks signatures and remembers the tokens that were good.
type verifier struct {
	keys func(kid string) *jose.Key // nil: unknown

	mu   sync.RWMutex
	good map[[sha256.Size]byte]*accessToken
}

// maxGood bounds verifier.good; the map starts afresh when it is full.
const maxGood = 4096

// verify checks form and signature. Times, issuer and audience are the
// caller's to check: they depend on when and where.
func (v *verifier) verify(token string) (*accessToken, error) {
	if len(token) > jose.MaxBytes {
		return nil, jose.ErrForm
	}
	sum := sha256.Sum256([]byte(token))
	v.mu.RLock()
	t := v.good[sum]
	v.mu.RUnlock()
	if t != nil && v.keys(t.kid) != nil {
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

// forget has all tokens looked at again.
func (v *verifier) forget() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.good = nil
}

func (v *verifier) parse(token string) (*accessToken, error) {
	jwt, err := jose.Parse(token)
	if err != nil {
		return nil, err
	}
	key := v.keys(jwt.Header.KeyID)
	if key == nil {
		return nil, jose.ErrSignature
	}
	if err := jwt.Verify(key.Public()); err != nil {
		return nil, err
	}
	t := &accessToken{kid: jwt.Header.KeyID}
	if err := jwt.Claims(t); err != nil {
		return nil, err
	}
	t.place()
	return t, nil
}

// place reads what the token's id tells.
func (t *accessToken) place() {
	place := seqOf(t.ID)
	t.seq, t.anywhere = place&^anywhere, place&anywhere != 0
}

// tokenID makes a uti claim: the place in the order of events is in it, so
// that tokens issued within one second can be told apart, which iat cannot.
func tokenID(seq uint64) string {
	b := append(binary.BigEndian.AppendUint64(nil, seq), ids.Random(8)...)
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
